"""The statement behind the performance route; every number is the mart's."""

from typing import LiteralString

from serving.data.framing import framed, instant

PERFORMANCE: LiteralString = framed(f"""
    select
        (
            select
                json_build_object(
                    'organization_id', organization_id,
                    'timeframe', timeframe,
                    'reengagement_metrics', json_build_object(
                        'outreach_attempts', outreach_attempts,
                        'successful_contacts', successful_contacts,
                        'contact_success_rate', contact_success_rate,
                        'appointments_scheduled', appointments_scheduled,
                        'conversion_rate', conversion_rate,
                        'avg_days_to_reengage', avg_days_to_reengage
                    ),
                    'communication_channels', communication_channels,
                    'benchmark_comparison', json_build_object(
                        'industry_avg_contact_rate', industry_avg_contact_rate,
                        'industry_avg_conversion', industry_avg_conversion,
                        'our_performance', our_performance
                    ),
                    'last_updated', {instant("asked.data_as_of")}
                )
            from marts.reengagement_performance_view
            where organization_id = %(organization_id)s and timeframe = %(timeframe)s
        )::text as body,
        '{{}}'::text[] as patient_ids
""")
