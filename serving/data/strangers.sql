select
    array(
        select organizations.organization_id
        from app.organizations as organizations
        left join app.cliniko_credentials as credentials
            on credentials.organization_id = organizations.organization_id
        where credentials.is_loopback is not true
        order by organizations.organization_id
        limit 20
    ) as strangers
