"""What each name in the answers means, said once: a quantity has the same name everywhere.

A field that says more than its name in one place only says it in its schema. `Schema.field` is for names that
mean something else in each place.
"""

ATTENDED = "An attended visit is one in the past that was not cancelled, and not marked as missed"

GLOSSARY = {
    # who
    "organization_id": "The organization of your session token",
    "contact_id": "Stable UUID of the patient, made from the organization and Cliniko's id",
    "cliniko_patient_id": "Cliniko's id, a string: it is too long for a JavaScript number",
    "contact_name": "First and last name",
    "name": "First and last name",
    "email": "As typed in Cliniko",
    "patient": "The patient as the prioritised list shows them",
    "practitioner": "Name of the practitioner; null if Cliniko names none",
    "type": "Name of the appointment type; null if Cliniko names none",
    # state and risk
    "engagement_status": "`active`: something booked, or a contact in the last 30 days and not discharged; "
    "`stale`: no contact for more than 120 days, discharged, or never attended with nothing ahead; "
    "`dormant`: everything else",
    "risk_level": "By days since the last contact: `engaged` below 7, `low` to 13 or with something booked, "
    "`medium` to 29, `high` to 44, `critical` from 45; null when stale",
    "risk_score": "0 to 100, in the level's range: more for days in the level, and for visits missed lately",
    "recommended_action": "What to do first",
    "days_since_last_contact": "Local days since the last two-way contact",
    "days_since_contact": "Local days since the last two-way contact",
    "last_appointment_date": f"Start of the last attended visit; null if none. {ATTENDED}",
    "next_scheduled_appointment": "Start of the earliest visit that is booked; null if none",
    "upcoming_appointment_count": "Visits that are booked and lie ahead",
    "total_lifetime_appointments": "Attended visits ever",
    "missed_appointments_last_90d": "Visits missed in the last 90 days",
    "attendance_rate_90d": "Attended of all attended or missed in the last 90 days, percent; null if none",
    "previous_response_rate": "Outreach that was answered, percent of all to the patient; null without any",
    # how many at which level
    "critical": "45 days or more without contact",
    "high": "30 to 44 days",
    "medium": "14 to 29 days",
    "low": "7 to 13 days, or something booked",
    "engaged": "Less than 7 days",
    "high_trend": "As `critical_trend`, of level `high`",
    # parts of an answer
    "risk_summary": "Patients at each level; the stale are counted apart",
    "risk_breakdown": "Patients at each level and their mean score",
    "current_risk_distribution": "Patients at each level now",
    "risk_distribution_changes": "Each level now against the end of the day before the period",
    "channel_performance_trends": "Each channel's rate of success against the period before",
    "communication_channels": "Counts of outreach rows, by channel",
    "benchmark_comparison": "Against the industry's averages",
    "reengagement_metrics": "Counts of patient-days: several tries on one day are one attempt",
    "our_performance": "`above_average`: both rates at or above the benchmarks; `below_average`: both below; "
    "`insufficient_data`: no attempts; else `at_average`",
    "alerts": "What needs attention, over all patients at risk",
    "summary": "The numbers of this answer",
    "patients": "In the order in which to call them",
    "active_patients": "The last attended first",
    "contacts_with_appointments": "The last attended first",
    "filters_applied": "The filters that were asked for",
    "total_returned": "Patients on this page",
    "timeframe": "The timeframe asked for",
    "period": "The period asked for",
    "limit": "The most that a page holds",
    "action_priority": "Only this priority; absent if not asked for",
    "search": "Only who matches; absent if not asked for",
    # outreach
    "outcome": "`success`: the patient answered; `no_response`; `failed`: it did not arrive",
    "notes": "Free text of whoever did it",
    "delivered_at": "When it was delivered, if known",
    "opened_at": "When it was opened, if known",
    "outreach_id": "The id of the row",
    "sent": "Rows",
    "attempted": "Rows",
    "responded": "Rows that the patient answered",
    "connected": "Rows that the patient answered",
    "cancelled_at": "When it was cancelled; null if it was not",
    "title": "Title of the note",
    # active patients
    "total_active_patients": "Patients with an attended visit in the last 45 days",
    "patients_with_recent_appointments": "Active patients who attended in the last 45 days: all of them",
    "patients_with_upcoming_appointments": "Active patients with something booked",
    # syncs, health, Clerk
    "success": "The request was taken",
    "message": "For people",
    "sync_id": "The run",
    "started_at": "When it began; null while it is queued",
    "finished_at": "When it ended; null until then",
    "error_code": "Why it failed, in one word; null if it did not",
    "rows_read": "Rows that Cliniko showed",
    "rows_new": "Rows never seen before",
    "rows_changed": "Rows that differ from what was known",
    "rows_removed": "Rows that are gone",
    "contact_metrics": "Every patient ever seen, and whether Cliniko still holds them",
    "active_patient_metrics": "Patients with an attended visit in the last 45 days",
    "service_status": "How the organization is set up",
    "health_indicators": "What to look at first",
    "has_contacts": "At least one contact",
    "has_active_patients": "At least one active patient",
    "overall_metrics": "Of your organization; an operator sees all",
    "sync_activity_24h": "Runs that ended in the last 24 hours",
    "health_status": "One word for all of it",
    "successful_syncs": "Runs that read everything",
    "incomplete_syncs": "Runs that count, but records were refused or a feed could not be read",
    "failed_syncs": "Runs of which nothing counts",
    "database_counts": "Rows mirrored from Clerk",
    "organization_members": "Memberships mirrored from Clerk",
    "last_attempt": "The last sync with Clerk, however it went; null if there was none",
    "sync_in_progress": "A sync with Clerk is running",
    "users": "People",
    "organizations": "Clinics",
    "memberships": "Who belongs where",
    "total_memberships": "Memberships mirrored from Clerk",
    "orgs_with_members": "Organizations with at least one membership",
    "total_organizations": "Organizations known here",
    # of one place only
    "Alive.status": "`alive`",
    "Ready.status": "`ready`",
    "RecentAppointment.id": "Cliniko's id",
    "RecentAppointment.status": "`attended`",
    "Visit.id": "Cliniko's id",
    "Visit.status": "`cancelled`; `booked`: lies ahead; `missed`: marked as such; `attended`: all others",
    "Outreach.id": "The id of the row",
    "TreatmentNote.id": "Cliniko's id",
    "LevelSummary.count": "Patients at this level",
    "RoleCount.count": "Memberships with this role",
    "SyncRun.status": "`queued`, `running`, `succeeded`: everything was read; `incomplete`: what was read "
    "counts, but records were refused or a feed could not be read; `failed`: nothing of it counts",
    "LastAttempt.status": "`running`, `succeeded` or `failed`",
    "Fault.name": "The parameter or field",
    "Fault.reason": "Why it was refused, in one word",
    "Fault.message": "Why, for people",
    "ProblemBody.type": "Which refusal it is; stable",
    "ProblemBody.title": "The refusal in a few words",
    "ProblemBody.status": "The HTTP status",
    "ProblemBody.detail": "What went wrong, for people",
}


def describe_fields(schemas: dict[str, dict[str, object]]) -> None:
    """Give each field of the document that says nothing of itself the meaning of its name."""
    for name, schema in schemas.items():
        properties = schema.get("properties", {})
        assert isinstance(properties, dict)  # noqa: S101 - what JSON Schema says
        for field, described in properties.items():
            text = GLOSSARY.get(f"{name}.{field}", GLOSSARY.get(field))
            if text is not None and "description" not in described:
                described["description"] = text
