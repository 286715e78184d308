with loads as (
    {{ unpublished_loads() }}
)

select * from loads
