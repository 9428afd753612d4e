//! The list of scenario files: each is one test.

use quittance_testkit::scenario::Scenario;
use std::path::{Path, PathBuf};

/// Gives the list to a macro.
macro_rules! scenarios {
    ($use:ident) => {
        $use! {
            answers_out_of_turn
            assisted_cancel_over_a_holiday_week
            auto_renewal_first
            bad_images
            bank_answers_disagree
            bank_batch_offline
            bank_confirms
            bank_confirms_a_day_ahead
            bank_mandate_offline
            bank_outage
            bank_refuses
            bank_times_out
            batch_with_a_bank_item_later
            batch_with_bank_items
            biometrics_not_enrolled
            bundled_service
            carrier_outage
            case_lives_a_month
            change_limits
            change_limits_of_a_subscription
            clock_a_day_off
            contacts_checked
            contacts_entry_expires
            contacts_late
            contacts_named_in_the_app
            contacts_named_lately
            contacts_not_verified
            contacts_objection
            contacts_open_at_45
            contacts_own_number
            contacts_slow_request
            contacts_stranger
            contacts_too_few_named
            contacts_too_new
            documents_rejected
            forced_unbind
            fourth_biometric_failure
            gateway_restarts
            gateway_with_another_log_key
            gestures
            guardian_not_matched
            high_risk_region
            holds_are_independent
            left_cancellation
            limit_per_charge_and_period
            limit_total_and_count
            links_of_strangers
            list_of_everything
            liveness_below_the_mark
            lock_by_trigger
            lock_extended
            lock_password_wrong_five_times
            lock_released_early
            lost_keys
            merchant_ends_it
            mini_program_refusal
            mini_program_silence
            no_network
            no_screen_lock
            offline_cancel
            overseas_document
            overseas_passport_rejected
            overseas_payer
            passcode_then_no_network
            pause_and_resume
            pause_lifted_under_a_case
            permits_end
            pin_form
            quick_cancel
            quiz_at_the_mark
            quiz_below_the_mark
            quiz_day_three_off
            quiz_nineteen_transactions
            quiz_passes
            quiz_payee_and_day
            recovery_aftermath
            refund_after_destruction
            removed_card_ends_its_mandates
            restored_backup
            review_deadline
            review_refuses
            revoke_under_lock
            revoke_while_paused
            run_lives_a_day
            safety_lock
            scheduled_end_is_overtaken
            second_revoke
            service_cancel
            silent_phone
            silent_phone_in_time
            single_use_keeps_its_cause
            stale_records
            stop_category
            stop_everything
            stop_merchant
            subscription_permits
            system_default
            teen_cancels
            teen_comes_of_age
            teen_guardian_silent
            teen_mode
            three_biometric_failures
            too_many_at_once
            undo_under_a_case
            unlucky_prompts
            uploads_are_erased
            validity_ends
            vpn_alone
            wrong_codes
            wrong_pin_five_times
        }
    };
}
pub(crate) use scenarios;

macro_rules! names {
    ($($name:ident)*) => {
        /// Every scenario by the name of its file.
        pub(crate) const ALL: &[&str] = &[$(stringify!($name),)*];
    };
}
scenarios!(names);

/// Where the files are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

pub(crate) fn load(name: &str) -> Scenario {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    Scenario::read(&text).unwrap_or_else(|what| panic!("{name}.json: {what}"))
}
