select coalesce(json_agg({FeedState} order by feed), '[]'::json)
from marts.sync_health
where organization_id = %(organization_id)s
