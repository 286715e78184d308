"""The reference's tables: every field a record must have, and the relations it may have."""

FIELDS = {
    "patients": """
        accepted_email_marketing accepted_privacy_policy accepted_sms_marketing address_1 address_2
        address_3 appointment_notes archived_at city country country_code created_at custom_fields
        date_of_birth deleted_at dva_card_number email emergency_contact first_name gender
        gender_identity id invoice_default_to invoice_email invoice_extra_information label last_name
        links medicare medicare_reference_number merged_at notes occupation old_reference_id
        patient_phone_numbers post_code preferred_first_name pronouns receives_cancellation_emails
        receives_confirmation_emails referral_source reminder_type sex state time_zone title updated_at
    """,
    "individual_appointments": """
        archived_at booking_ip_address cancellation_note cancellation_reason
        cancellation_reason_description cancelled_at created_at deleted_at did_not_arrive
        email_reminder_sent ends_at has_patient_appointment_notes id invoice_status links notes
        online_booking_policy_accepted patient_arrived patient_name repeat_rule sms_reminder_sent
        starts_at telehealth_url treatment_note_status updated_at
    """,
    "group_appointments": """
        archived_at created_at deleted_at ends_at id links max_attendees notes patient_ids repeat_rule
        starts_at telehealth_url updated_at
    """,
    "attendees": """
        archived_at arrived booking_ip_address cancellation_note cancellation_reason
        cancellation_reason_description cancellation_url cancelled_at created_at deleted_at
        email_reminder_sent id invoice_status links notes online_booking_policy_accepted
        sent_email_follow_ups_count sent_email_reminders_count sent_sms_follow_ups_count
        sent_sms_reminders_count sms_reminder_sent telehealth_url treatment_note_status updated_at
    """,
    "appointment_types": """
        add_deposit_to_account_credit appointment_confirmation_template_ids
        appointment_follow_up_template_ids appointment_reminder_template_ids archived_at category color
        created_at deposit_price description duration_in_minutes id links max_attendees name
        online_bookings_lead_time_hours online_payments_enabled online_payments_mode
        show_in_online_bookings telehealth_enabled updated_at
    """,
    "practitioners": """
        active created_at description designation display_name first_name id label last_name links
        show_in_online_bookings title updated_at
    """,
    "businesses": """
        additional_information additional_invoice_information address_1 address_2
        appointment_reminders_enabled appointment_type_ids archived_at business_name
        business_registration_name business_registration_value city contact_information country
        country_code created_at deleted_at display_name email_reply_to id label links post_code
        show_in_online_bookings state time_zone time_zone_identifier updated_at website_address
    """,
    "invoices": """
        archived_at calculation_method calculation_method_description closed_at created_at deleted_at
        discounted_amount id invoice_to issue_date links net_amount notes number online_payment_url
        patient_extra_information status status_description tax_amount total_amount updated_at
    """,
    "invoice_items": """
        archived_at code concession_type_name created_at deleted_at discount_percentage
        discounted_amount id is_monetary_discount links name net_price quantity tax_amount tax_name
        tax_rate total_including_tax unit_price updated_at
    """,
    "treatment_notes": """
        archived_at author_name content created_at deleted_at draft finalized_at id links pinned_at
        title updated_at
    """,
    "communications": """
        archived_at category category_code content created_at direction_code direction_description from
        id links to type type_code updated_at
    """,
    "patient_cases": """
        archived_at attendee_ids closed closed_at created_at expiry_date id include_cancelled_attendees
        include_dna_attendees issue_date links max_invoiceable_amount max_sessions name notes referral
        referral_type updated_at
    """,
    "users": """
        active created_at email first_name id last_name links phone_numbers role time_zone
        time_zone_identifier title updated_at user_active
    """,
}
RELATIONS = {
    "patients": """
        appointments attendees concession_type invoices latest_booking medical_alerts
        merged_with_patient patient_attachments referring_doctor relationships
    """,
    "individual_appointments": """
        appointment_type attendees business conflicts patient patient_case practitioner repeated_from
        repeats
    """,
    "group_appointments": """
        appointment_type attendees business conflicts practitioner repeated_from repeats
    """,
    "attendees": """
        booking invoices patient patient_case patient_forms
    """,
    "appointment_types": """
        appointment_type_billable_items appointment_type_products billable_item practitioners product
        treatment_note_template
    """,
    "practitioners": """
        appointment_types appointments default_appointment_type invoices practitioner_reference_numbers
        user
    """,
    "businesses": """
        appointments practitioners
    """,
    "invoices": """
        appointment attendee business invoice_items original_invoice patient practitioner
        reversed_invoices signature
    """,
    "invoice_items": """
        billable_item invoice product
    """,
    "treatment_notes": """
        attendee booking patient practitioner treatment_note_template
    """,
    "communications": """
        attendee booking invoice letter patient payment
    """,
    "patient_cases": """
        attendees bookings contact invoices patient patient_attachments
    """,
    "users": """

    """,
}
