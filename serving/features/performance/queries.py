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
                    'communication_channels', json_build_object(
                        'sms', json_build_object(
                            'sent', sms_sent,
                            'delivered', sms_delivered,
                            'responded', sms_responded,
                            'response_rate', sms_response_rate
                        ),
                        'email', json_build_object(
                            'sent', email_sent,
                            'opened', email_opened,
                            'opened_tracked', email_opened_tracked,
                            'responded', email_responded,
                            'response_rate', email_response_rate
                        ),
                        'phone', json_build_object(
                            'attempted', phone_attempted,
                            'connected', phone_connected,
                            'appointment_booked', phone_appointment_booked,
                            'conversion_rate', phone_conversion_rate
                        )
                    ),
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
