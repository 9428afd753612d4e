// Written by `cargo xtask texts` from bindings/texts. Change it there.
@file:Suppress("ktlint")

package org.quittance.android

/** The resource of a text by its key in the catalogue; null where this version has no such text. */
public fun textResource(key: String): TextResource? = when (familyOf(key)) {
    "action" -> actionTexts(key)
    "app.action" -> appActionTexts(key)
    "app.agreed" -> appAgreedTexts(key)
    "app.batch" -> appBatchTexts(key)
    "app.biometric" -> appBiometricTexts(key)
    "app.camera" -> appCameraTexts(key)
    "app.cause" -> appCauseTexts(key)
    "app.channel" -> appChannelTexts(key)
    "app.charge" -> appChargeTexts(key)
    "app.checkup" -> appCheckupTexts(key)
    "app.closure" -> appClosureTexts(key)
    "app.code" -> appCodeTexts(key)
    "app.decline" -> appDeclineTexts(key)
    "app.details" -> appDetailsTexts(key)
    "app.device" -> appDeviceTexts(key)
    "app.dispute" -> appDisputeTexts(key)
    "app.ending" -> appEndingTexts(key)
    "app.enrol" -> appEnrolTexts(key)
    "app.error" -> appErrorTexts(key)
    "app.event" -> appEventTexts(key)
    "app.evidence" -> appEvidenceTexts(key)
    "app.exposure" -> appExposureTexts(key)
    "app.factor" -> appFactorTexts(key)
    "app.facts" -> appFactsTexts(key)
    "app.group" -> appGroupTexts(key)
    "app.half" -> appHalfTexts(key)
    "app.history" -> appHistoryTexts(key)
    "app.hold" -> appHoldTexts(key)
    "app.jump" -> appJumpTexts(key)
    "app.kind" -> appKindTexts(key)
    "app.language" -> appLanguageTexts(key)
    "app.list" -> appListTexts(key)
    "app.lock" -> appLockTexts(key)
    "app.lock_password" -> appLockPasswordTexts(key)
    "app.missing" -> appMissingTexts(key)
    "app.moment" -> appMomentTexts(key)
    "app.money" -> appMoneyTexts(key)
    "app.next_charge" -> appNextChargeTexts(key)
    "app.offer" -> appOfferTexts(key)
    "app.people" -> appPeopleTexts(key)
    "app.permissions" -> appPermissionsTexts(key)
    "app.photo" -> appPhotoTexts(key)
    "app.pin" -> appPinTexts(key)
    "app.privacy" -> appPrivacyTexts(key)
    "app.progress" -> appProgressTexts(key)
    "app.prompt" -> appPromptTexts(key)
    "app.quiz" -> appQuizTexts(key)
    "app.receipt" -> appReceiptTexts(key)
    "app.receipts" -> appReceiptsTexts(key)
    "app.record" -> appRecordTexts(key)
    "app.recovery" -> appRecoveryTexts(key)
    "app.sandbox" -> appSandboxTexts(key)
    "app.security" -> appSecurityTexts(key)
    "app.set_up_again" -> appSetUpAgainTexts(key)
    "app.several" -> appSeveralTexts(key)
    "app.state" -> appStateTexts(key)
    "app.stop" -> appStopTexts(key)
    "app.switch" -> appSwitchTexts(key)
    "app.tab" -> appTabTexts(key)
    "app.taken" -> appTakenTexts(key)
    "app.terms" -> appTermsTexts(key)
    "app.undo" -> appUndoTexts(key)
    "app.vouch" -> appVouchTexts(key)
    "app.wait" -> appWaitTexts(key)
    "app.ways" -> appWaysTexts(key)
    "ask" -> askTexts(key)
    "assisted" -> assistedTexts(key)
    "because" -> becauseTexts(key)
    "cancel" -> cancelTexts(key)
    "checkup" -> checkupTexts(key)
    "consequence" -> consequenceTexts(key)
    "contacts" -> contactsTexts(key)
    "contacts_set" -> contactsSetTexts(key)
    "end" -> endTexts(key)
    "evidence" -> evidenceTexts(key)
    "field" -> fieldTexts(key)
    "flow" -> flowTexts(key)
    "forced" -> forcedTexts(key)
    "gesture" -> gestureTexts(key)
    "hold" -> holdTexts(key)
    "limits" -> limitsTexts(key)
    "lock_extend" -> lockExtendTexts(key)
    "lock_release" -> lockReleaseTexts(key)
    "mini_program" -> miniProgramTexts(key)
    "next" -> nextTexts(key)
    "question" -> questionTexts(key)
    "quiz" -> quizTexts(key)
    "receipt" -> receiptTexts(key)
    "recovery" -> recoveryTexts(key)
    "refused" -> refusedTexts(key)
    "resume" -> resumeTexts(key)
    "route" -> routeTexts(key)
    "service" -> serviceTexts(key)
    "sign" -> signTexts(key)
    "stop_lift" -> stopLiftTexts(key)
    "teen_exit" -> teenExitTexts(key)
    "then" -> thenTexts(key)
    "undo" -> undoTexts(key)
    "wait" -> waitTexts(key)
    else -> null
}

private fun familyOf(key: String): String = if (key.startsWith("app.")) {
    "app." + key.removePrefix("app.").substringBefore('.')
} else {
    key.substringBefore('.')
}

private fun actionTexts(key: String): TextResource? = when (key) {
    "action.agree" -> plain(R.string.quittance_action_agree)
    "action.confirm" -> plain(R.string.quittance_action_confirm)
    "action.continue" -> plain(R.string.quittance_action_continue)
    "action.enter" -> plain(R.string.quittance_action_enter)
    "action.keep" -> plain(R.string.quittance_action_keep)
    "action.leave" -> plain(R.string.quittance_action_leave)
    "action.open_app" -> plain(R.string.quittance_action_open_app)
    "action.record" -> plain(R.string.quittance_action_record)
    "action.send" -> plain(R.string.quittance_action_send)
    "action.stop" -> plain(R.string.quittance_action_stop)
    "action.take_photos" -> plain(R.string.quittance_action_take_photos)
    "action.use_biometric" -> plain(R.string.quittance_action_use_biometric)
    "action.use_passcode" -> plain(R.string.quittance_action_use_passcode)
    else -> null
}

private fun appActionTexts(key: String): TextResource? = when (key) {
    "app.action.back" -> plain(R.string.quittance_app_action_back)
    "app.action.begin_anew" -> plain(R.string.quittance_app_action_begin_anew)
    "app.action.cancel" -> plain(R.string.quittance_app_action_cancel)
    "app.action.change_limits" -> plain(R.string.quittance_app_action_change_limits)
    "app.action.check_again" -> plain(R.string.quittance_app_action_check_again)
    "app.action.choose_contacts" -> plain(R.string.quittance_app_action_choose_contacts)
    "app.action.close" -> plain(R.string.quittance_app_action_close)
    "app.action.continue" -> plain(R.string.quittance_app_action_continue)
    "app.action.copy" -> plain(R.string.quittance_app_action_copy)
    "app.action.details" -> plain(R.string.quittance_app_action_details)
    "app.action.do_not_vouch" -> plain(R.string.quittance_app_action_do_not_vouch)
    "app.action.done" -> plain(R.string.quittance_app_action_done)
    "app.action.end_lock" -> plain(R.string.quittance_app_action_end_lock)
    "app.action.extend_lock" -> plain(R.string.quittance_app_action_extend_lock)
    "app.action.hide_ended" -> plain(R.string.quittance_app_action_hide_ended)
    "app.action.it_is_me" -> plain(R.string.quittance_app_action_it_is_me)
    "app.action.keep" -> plain(R.string.quittance_app_action_keep)
    "app.action.lift" -> plain(R.string.quittance_app_action_lift)
    "app.action.object" -> plain(R.string.quittance_app_action_object)
    "app.action.open_settings" -> plain(R.string.quittance_app_action_open_settings)
    "app.action.paste" -> plain(R.string.quittance_app_action_paste)
    "app.action.pause" -> plain(R.string.quittance_app_action_pause)
    "app.action.pause_everything" -> plain(R.string.quittance_app_action_pause_everything)
    "app.action.read_offer" -> plain(R.string.quittance_app_action_read_offer)
    "app.action.refresh" -> plain(R.string.quittance_app_action_refresh)
    "app.action.retake" -> plain(R.string.quittance_app_action_retake)
    "app.action.see_receipt" -> plain(R.string.quittance_app_action_see_receipt)
    "app.action.send_again" -> plain(R.string.quittance_app_action_send_again)
    "app.action.set_password" -> plain(R.string.quittance_app_action_set_password)
    "app.action.set_up_again" -> plain(R.string.quittance_app_action_set_up_again)
    "app.action.share_code" -> plain(R.string.quittance_app_action_share_code)
    "app.action.share_proof" -> plain(R.string.quittance_app_action_share_proof)
    "app.action.share_receipts" -> plain(R.string.quittance_app_action_share_receipts)
    "app.action.show_ended" -> plain(R.string.quittance_app_action_show_ended)
    "app.action.start" -> plain(R.string.quittance_app_action_start)
    "app.action.stop" -> plain(R.string.quittance_app_action_stop)
    "app.action.stop_category" -> plain(R.string.quittance_app_action_stop_category)
    "app.action.stop_merchant" -> plain(R.string.quittance_app_action_stop_merchant)
    "app.action.stop_several" -> plain(R.string.quittance_app_action_stop_several)
    "app.action.support" -> plain(R.string.quittance_app_action_support)
    "app.action.take" -> plain(R.string.quittance_app_action_take)
    "app.action.take_back" -> plain(R.string.quittance_app_action_take_back)
    "app.action.try_again" -> plain(R.string.quittance_app_action_try_again)
    "app.action.turn_on" -> plain(R.string.quittance_app_action_turn_on)
    "app.action.update" -> plain(R.string.quittance_app_action_update)
    "app.action.vouch" -> plain(R.string.quittance_app_action_vouch)
    "app.action.ways_to_stop" -> plain(R.string.quittance_app_action_ways_to_stop)
    else -> null
}

private fun appAgreedTexts(key: String): TextResource? = when (key) {
    "app.agreed.language" -> plain(R.string.quittance_app_agreed_language, words("language"))
    "app.agreed.not_yet" -> plain(R.string.quittance_app_agreed_not_yet)
    "app.agreed.signed_elsewhere" -> plain(R.string.quittance_app_agreed_signed_elsewhere, moment("at"))
    "app.agreed.signed_here" -> plain(R.string.quittance_app_agreed_signed_here, moment("at"))
    "app.agreed.since" -> plain(R.string.quittance_app_agreed_since, moment("since"))
    "app.agreed.title" -> plain(R.string.quittance_app_agreed_title)
    else -> null
}

private fun appBatchTexts(key: String): TextResource? = when (key) {
    "app.batch.asked" -> plain(R.string.quittance_app_batch_asked)
    "app.batch.ended_here" -> plain(R.string.quittance_app_batch_ended_here)
    "app.batch.refused" -> plain(R.string.quittance_app_batch_refused)
    "app.batch.title" -> plain(R.string.quittance_app_batch_title)
    "app.batch.unfinished" -> plain(R.string.quittance_app_batch_unfinished)
    "app.batch.waits_for_bank" -> plain(R.string.quittance_app_batch_waits_for_bank)
    else -> null
}

private fun appBiometricTexts(key: String): TextResource? = when (key) {
    "app.biometric.out" -> plain(R.string.quittance_app_biometric_out)
    else -> null
}

private fun appCameraTexts(key: String): TextResource? = when (key) {
    "app.camera.denied.body" -> plain(R.string.quittance_app_camera_denied_body)
    "app.camera.denied.title" -> plain(R.string.quittance_app_camera_denied_title)
    else -> null
}

private fun appCauseTexts(key: String): TextResource? = when (key) {
    "app.cause.account_closed" -> plain(R.string.quittance_app_cause_account_closed)
    "app.cause.assisted" -> plain(R.string.quittance_app_cause_assisted)
    "app.cause.bank_refused" -> plain(R.string.quittance_app_cause_bank_refused)
    "app.cause.consumed" -> plain(R.string.quittance_app_cause_consumed)
    "app.cause.device_wiped" -> plain(R.string.quittance_app_cause_device_wiped)
    "app.cause.expired" -> plain(R.string.quittance_app_cause_expired)
    "app.cause.funding_removed" -> plain(R.string.quittance_app_cause_funding_removed)
    "app.cause.merchant" -> plain(R.string.quittance_app_cause_merchant)
    "app.cause.merchant_banned" -> plain(R.string.quittance_app_cause_merchant_banned)
    "app.cause.never_activated" -> plain(R.string.quittance_app_cause_never_activated)
    "app.cause.payer" -> plain(R.string.quittance_app_cause_payer)
    "app.cause.payer_batch" -> plain(R.string.quittance_app_cause_payer_batch)
    "app.cause.payer_offline" -> plain(R.string.quittance_app_cause_payer_offline)
    "app.cause.platform_forced" -> plain(R.string.quittance_app_cause_platform_forced)
    "app.cause.risk" -> plain(R.string.quittance_app_cause_risk)
    else -> null
}

private fun appChannelTexts(key: String): TextResource? = when (key) {
    "app.channel.app" -> plain(R.string.quittance_app_channel_app)
    "app.channel.bank" -> plain(R.string.quittance_app_channel_bank)
    "app.channel.mini_program" -> plain(R.string.quittance_app_channel_mini_program)
    else -> null
}

private fun appChargeTexts(key: String): TextResource? = when (key) {
    "app.charge.approved" -> plain(R.string.quittance_app_charge_approved, amount("amount"))
    "app.charge.declined" -> plain(R.string.quittance_app_charge_declined, amount("amount"))
    "app.charge.refunded" -> plain(R.string.quittance_app_charge_refunded, amount("amount"))
    else -> null
}

private fun appCheckupTexts(key: String): TextResource? = when (key) {
    "app.checkup.findings" -> plural(R.plurals.quittance_app_checkup_findings, counted = "count", count("count"))
    "app.checkup.fine" -> plain(R.string.quittance_app_checkup_fine)
    "app.checkup.title" -> plain(R.string.quittance_app_checkup_title)
    else -> null
}

private fun appClosureTexts(key: String): TextResource? = when (key) {
    "app.closure.two_sided" -> plain(R.string.quittance_app_closure_two_sided)
    "app.closure.unilateral" -> plain(R.string.quittance_app_closure_unilateral)
    else -> null
}

private fun appCodeTexts(key: String): TextResource? = when (key) {
    "app.code.expired" -> plain(R.string.quittance_app_code_expired)
    "app.code.field" -> plural(R.plurals.quittance_app_code_field, counted = "digits", count("digits"))
    "app.code.resend_from" -> plain(R.string.quittance_app_code_resend_from, moment("from"))
    "app.code.valid_until" -> plain(R.string.quittance_app_code_valid_until, moment("until"))
    "app.code.wrong" -> plural(R.plurals.quittance_app_code_wrong, counted = "attempts", count("attempts"))
    else -> null
}

private fun appDeclineTexts(key: String): TextResource? = when (key) {
    "app.decline.bank_not_authorized" -> plain(R.string.quittance_app_decline_bank_not_authorized)
    "app.decline.currency_mismatch" -> plain(R.string.quittance_app_decline_currency_mismatch)
    "app.decline.device_quarantined" -> plain(R.string.quittance_app_decline_device_quarantined)
    "app.decline.external_refused" -> plain(R.string.quittance_app_decline_external_refused)
    "app.decline.external_unavailable" -> plain(R.string.quittance_app_decline_external_unavailable)
    "app.decline.limit_count" -> plain(R.string.quittance_app_decline_limit_count)
    "app.decline.limit_exceeded" -> plain(R.string.quittance_app_decline_limit_exceeded)
    "app.decline.limit_total" -> plain(R.string.quittance_app_decline_limit_total)
    "app.decline.mandate_ended" -> plain(R.string.quittance_app_decline_mandate_ended)
    "app.decline.mandate_expired" -> plain(R.string.quittance_app_decline_mandate_expired)
    "app.decline.mandate_held" -> plain(R.string.quittance_app_decline_mandate_held)
    "app.decline.other" -> plain(R.string.quittance_app_decline_other)
    "app.decline.permit_amount" -> plain(R.string.quittance_app_decline_permit_amount)
    "app.decline.permit_challenge" -> plain(R.string.quittance_app_decline_permit_challenge)
    "app.decline.permit_missing" -> plain(R.string.quittance_app_decline_permit_missing)
    "app.decline.permit_payee" -> plain(R.string.quittance_app_decline_permit_payee)
    "app.decline.permit_window" -> plain(R.string.quittance_app_decline_permit_window)
    "app.decline.risk_denied" -> plain(R.string.quittance_app_decline_risk_denied)
    "app.decline.safety_locked" -> plain(R.string.quittance_app_decline_safety_locked)
    "app.decline.stopped_by_payer" -> plain(R.string.quittance_app_decline_stopped_by_payer)
    "app.decline.teen_limit" -> plain(R.string.quittance_app_decline_teen_limit)
    "app.decline.token_destroyed" -> plain(R.string.quittance_app_decline_token_destroyed)
    else -> null
}

private fun appDetailsTexts(key: String): TextResource? = when (key) {
    "app.details.account" -> plain(R.string.quittance_app_details_account)
    "app.details.copied" -> plain(R.string.quittance_app_details_copied)
    "app.details.device" -> plain(R.string.quittance_app_details_device)
    "app.details.order" -> plain(R.string.quittance_app_details_order)
    "app.details.permission" -> plain(R.string.quittance_app_details_permission)
    "app.details.phone_half" -> plain(R.string.quittance_app_details_phone_half)
    "app.details.record" -> plain(R.string.quittance_app_details_record)
    "app.details.rules" -> plain(R.string.quittance_app_details_rules, words("rules"))
    "app.details.service_half" -> plain(R.string.quittance_app_details_service_half)
    "app.details.terms_hash" -> plain(R.string.quittance_app_details_terms_hash)
    "app.details.title" -> plain(R.string.quittance_app_details_title)
    else -> null
}

private fun appDeviceTexts(key: String): TextResource? = when (key) {
    "app.device.hardware" -> plain(R.string.quittance_app_device_hardware)
    "app.device.key.biometric" -> plain(R.string.quittance_app_device_key_biometric)
    "app.device.key.device" -> plain(R.string.quittance_app_device_key_device)
    "app.device.key.passcode" -> plain(R.string.quittance_app_device_key_passcode)
    "app.device.only_one" -> plain(R.string.quittance_app_device_only_one)
    "app.device.seen" -> plain(R.string.quittance_app_device_seen, moment("seen"))
    "app.device.since" -> plain(R.string.quittance_app_device_since, moment("since"))
    "app.device.software" -> plain(R.string.quittance_app_device_software)
    "app.device.title" -> plain(R.string.quittance_app_device_title)
    "app.device.why" -> plain(R.string.quittance_app_device_why)
    else -> null
}

private fun appDisputeTexts(key: String): TextResource? = when (key) {
    "app.dispute.annex_mismatch" -> plain(R.string.quittance_app_dispute_annex_mismatch)
    "app.dispute.destroyed_mismatch" -> plain(R.string.quittance_app_dispute_destroyed_mismatch)
    "app.dispute.destroyed_not_logged" -> plain(R.string.quittance_app_dispute_destroyed_not_logged)
    "app.dispute.log_inconsistent" -> plain(R.string.quittance_app_dispute_log_inconsistent)
    "app.dispute.order_mismatch" -> plain(R.string.quittance_app_dispute_order_mismatch)
    "app.dispute.order_not_logged" -> plain(R.string.quittance_app_dispute_order_not_logged)
    "app.dispute.other_intent" -> plain(R.string.quittance_app_dispute_other_intent)
    "app.dispute.other_nonce" -> plain(R.string.quittance_app_dispute_other_nonce)
    "app.dispute.other_order" -> plain(R.string.quittance_app_dispute_other_order)
    "app.dispute.other_policy" -> plain(R.string.quittance_app_dispute_other_policy)
    "app.dispute.other_token" -> plain(R.string.quittance_app_dispute_other_token)
    "app.dispute.own_attestation_missing" -> plain(R.string.quittance_app_dispute_own_attestation_missing)
    "app.dispute.receipt_not_logged" -> plain(R.string.quittance_app_dispute_receipt_not_logged)
    "app.dispute.risk_not_refreshed" -> plain(R.string.quittance_app_dispute_risk_not_refreshed)
    else -> null
}

private fun appEndingTexts(key: String): TextResource? = when (key) {
    "app.ending.attesting" -> plain(R.string.quittance_app_ending_attesting)
    "app.ending.awaiting_closure" -> plain(R.string.quittance_app_ending_awaiting_closure)
    "app.ending.closed" -> plain(R.string.quittance_app_ending_closed)
    "app.ending.disputed" -> plain(R.string.quittance_app_ending_disputed)
    "app.ending.ordered" -> plain(R.string.quittance_app_ending_ordered)
    "app.ending.scheduled" -> plain(R.string.quittance_app_ending_scheduled, moment("until"))
    "app.ending.undone" -> plain(R.string.quittance_app_ending_undone)
    "app.ending.waiting" -> plain(R.string.quittance_app_ending_waiting)
    else -> null
}

private fun appEnrolTexts(key: String): TextResource? = when (key) {
    "app.enrol.done.body" -> plain(R.string.quittance_app_enrol_done_body)
    "app.enrol.done.title" -> plain(R.string.quittance_app_enrol_done_title)
    "app.enrol.pin.again" -> plain(R.string.quittance_app_enrol_pin_again)
    "app.enrol.pin.body" -> plural(R.plurals.quittance_app_enrol_pin_body, counted = "digits", count("digits"))
    "app.enrol.pin.differs" -> plain(R.string.quittance_app_enrol_pin_differs)
    "app.enrol.pin.title" -> plain(R.string.quittance_app_enrol_pin_title)
    "app.enrol.proof" -> plain(R.string.quittance_app_enrol_proof)
    "app.enrol.see" -> plain(R.string.quittance_app_enrol_see)
    "app.enrol.stop" -> plain(R.string.quittance_app_enrol_stop)
    "app.enrol.title" -> plain(R.string.quittance_app_enrol_title)
    "app.enrol.working" -> plain(R.string.quittance_app_enrol_working)
    "app.enrol.working.body" -> plain(R.string.quittance_app_enrol_working_body)
    else -> null
}

private fun appErrorTexts(key: String): TextResource? = when (key) {
    "app.error.alarm.body" -> plain(R.string.quittance_app_error_alarm_body)
    "app.error.alarm.title" -> plain(R.string.quittance_app_error_alarm_title)
    "app.error.ask_again.body" -> plain(R.string.quittance_app_error_ask_again_body)
    "app.error.ask_again.title" -> plain(R.string.quittance_app_error_ask_again_title)
    "app.error.biometric.cancelled" -> plain(R.string.quittance_app_error_biometric_cancelled)
    "app.error.biometric.changed" -> plain(R.string.quittance_app_error_biometric_changed)
    "app.error.biometric.locked" -> plain(R.string.quittance_app_error_biometric_locked)
    "app.error.biometric.locked_for_good" -> plain(R.string.quittance_app_error_biometric_locked_for_good)
    "app.error.biometric.not_enrolled" -> plain(R.string.quittance_app_error_biometric_not_enrolled)
    "app.error.biometric.not_recognised" -> plain(R.string.quittance_app_error_biometric_not_recognised)
    "app.error.biometric.timed_out" -> plain(R.string.quittance_app_error_biometric_timed_out)
    "app.error.biometric.unavailable" -> plain(R.string.quittance_app_error_biometric_unavailable)
    "app.error.fix_input.body" -> plain(R.string.quittance_app_error_fix_input_body)
    "app.error.fix_input.title" -> plain(R.string.quittance_app_error_fix_input_title)
    "app.error.foreign_link" -> plain(R.string.quittance_app_error_foreign_link)
    "app.error.image_too_large" -> plain(R.string.quittance_app_error_image_too_large)
    "app.error.no_biometrics.body" -> plain(R.string.quittance_app_error_no_biometrics_body)
    "app.error.no_biometrics.title" -> plain(R.string.quittance_app_error_no_biometrics_title)
    "app.error.no_screen_lock.body" -> plain(R.string.quittance_app_error_no_screen_lock_body)
    "app.error.no_screen_lock.title" -> plain(R.string.quittance_app_error_no_screen_lock_title)
    "app.error.not_an_image" -> plain(R.string.quittance_app_error_not_an_image)
    "app.error.not_payable" -> plain(R.string.quittance_app_error_not_payable)
    "app.error.offline" -> plain(R.string.quittance_app_error_offline)
    "app.error.phone_locked" -> plain(R.string.quittance_app_error_phone_locked)
    "app.error.phone_settings.body" -> plain(R.string.quittance_app_error_phone_settings_body)
    "app.error.phone_settings.title" -> plain(R.string.quittance_app_error_phone_settings_title)
    "app.error.quarantined" -> plain(R.string.quittance_app_error_quarantined)
    "app.error.reenrol.body" -> plain(R.string.quittance_app_error_reenrol_body)
    "app.error.reenrol.title" -> plain(R.string.quittance_app_error_reenrol_title)
    "app.error.restored" -> plain(R.string.quittance_app_error_restored)
    "app.error.retry.body" -> plain(R.string.quittance_app_error_retry_body)
    "app.error.retry.title" -> plain(R.string.quittance_app_error_retry_title)
    "app.error.route_closed" -> plain(R.string.quittance_app_error_route_closed, words("reason"))
    "app.error.same_secret" -> plain(R.string.quittance_app_error_same_secret)
    "app.error.start_over.body" -> plain(R.string.quittance_app_error_start_over_body)
    "app.error.start_over.title" -> plain(R.string.quittance_app_error_start_over_title)
    "app.error.storage_full" -> plain(R.string.quittance_app_error_storage_full)
    "app.error.support.body" -> plain(R.string.quittance_app_error_support_body, words("place"))
    "app.error.support.title" -> plain(R.string.quittance_app_error_support_title)
    "app.error.update_app.body" -> plain(R.string.quittance_app_error_update_app_body)
    "app.error.update_app.title" -> plain(R.string.quittance_app_error_update_app_title)
    "app.error.wait.body" -> plain(R.string.quittance_app_error_wait_body, wait("wait"))
    "app.error.wait.later" -> plain(R.string.quittance_app_error_wait_later)
    "app.error.wait.title" -> plain(R.string.quittance_app_error_wait_title)
    else -> null
}

private fun appEventTexts(key: String): TextResource? = when (key) {
    "app.event.asked_to_vouch" -> plain(R.string.quittance_app_event_asked_to_vouch)
    "app.event.charged" -> plain(R.string.quittance_app_event_charged, words("service"), amount("amount"))
    "app.event.charged_after_end" -> plain(R.string.quittance_app_event_charged_after_end, words("service"), amount("amount"))
    "app.event.closed" -> plain(R.string.quittance_app_event_closed, words("service"))
    "app.event.closing" -> plain(R.string.quittance_app_event_closing, words("service"), words("missing"))
    "app.event.dead_token_used" -> plural(R.plurals.quittance_app_event_dead_token_used, counted = "uses", words("service"), count("uses"))
    "app.event.declined" -> plain(R.string.quittance_app_event_declined, words("service"), amount("amount"), words("reason"))
    "app.event.disputed" -> plain(R.string.quittance_app_event_disputed, words("service"), words("reason"))
    "app.event.held" -> plain(R.string.quittance_app_event_held, words("service"), words("reason"))
    "app.event.lock_ends" -> plain(R.string.quittance_app_event_lock_ends, moment("at"))
    "app.event.locked" -> plain(R.string.quittance_app_event_locked, moment("until"), words("trigger"))
    "app.event.log_contradiction" -> plain(R.string.quittance_app_event_log_contradiction)
    "app.event.log_fork" -> plain(R.string.quittance_app_event_log_fork)
    "app.event.mandate_active" -> plain(R.string.quittance_app_event_mandate_active, words("service"))
    "app.event.mandate_rejected" -> plain(R.string.quittance_app_event_mandate_rejected, words("service"))
    "app.event.merchant_objected" -> plain(R.string.quittance_app_event_merchant_objected, words("service"))
    "app.event.not_stopped" -> plain(R.string.quittance_app_event_not_stopped, words("service"))
    "app.event.quarantined" -> plain(R.string.quittance_app_event_quarantined)
    "app.event.refused" -> plain(R.string.quittance_app_event_refused)
    "app.event.undone" -> plain(R.string.quittance_app_event_undone, words("service"))
    "app.event.unlocked" -> plain(R.string.quittance_app_event_unlocked)
    else -> null
}

private fun appEvidenceTexts(key: String): TextResource? = when (key) {
    "app.evidence.e0" -> plain(R.string.quittance_app_evidence_e0)
    "app.evidence.e1" -> plain(R.string.quittance_app_evidence_e1)
    "app.evidence.e2" -> plain(R.string.quittance_app_evidence_e2)
    else -> null
}

private fun appExposureTexts(key: String): TextResource? = when (key) {
    "app.exposure.body" -> plural(R.plurals.quittance_app_exposure_body, counted = "charges", count("charges"), amount("per_charge"), moment("until"))
    "app.exposure.none" -> plain(R.string.quittance_app_exposure_none)
    "app.exposure.title" -> plain(R.string.quittance_app_exposure_title)
    else -> null
}

private fun appFactorTexts(key: String): TextResource? = when (key) {
    "app.factor.bank_card_elements" -> plain(R.string.quittance_app_factor_bank_card_elements)
    "app.factor.biometric" -> plain(R.string.quittance_app_factor_biometric)
    "app.factor.bound_phone_otp" -> plain(R.string.quittance_app_factor_bound_phone_otp)
    "app.factor.device_passcode" -> plain(R.string.quittance_app_factor_device_passcode)
    "app.factor.dynamic_passcode" -> plain(R.string.quittance_app_factor_dynamic_passcode)
    "app.factor.foreign_phone_otp" -> plain(R.string.quittance_app_factor_foreign_phone_otp)
    "app.factor.gesture_video" -> plain(R.string.quittance_app_factor_gesture_video)
    "app.factor.guardianship_proof" -> plain(R.string.quittance_app_factor_guardianship_proof)
    "app.factor.handheld_id_photo" -> plain(R.string.quittance_app_factor_handheld_id_photo)
    "app.factor.id_database_match" -> plain(R.string.quittance_app_factor_id_database_match)
    "app.factor.id_document" -> plain(R.string.quittance_app_factor_id_document)
    "app.factor.liveness" -> plain(R.string.quittance_app_factor_liveness)
    "app.factor.lock_password" -> plain(R.string.quittance_app_factor_lock_password)
    "app.factor.passport" -> plain(R.string.quittance_app_factor_passport)
    "app.factor.payment_pin" -> plain(R.string.quittance_app_factor_payment_pin)
    "app.factor.proof_of_address" -> plain(R.string.quittance_app_factor_proof_of_address)
    "app.factor.sms_otp" -> plain(R.string.quittance_app_factor_sms_otp)
    "app.factor.video_verification" -> plain(R.string.quittance_app_factor_video_verification)
    else -> null
}

private fun appFactsTexts(key: String): TextResource? = when (key) {
    "app.facts.field" -> plain(R.string.quittance_app_facts_field)
    else -> null
}

private fun appGroupTexts(key: String): TextResource? = when (key) {
    "app.group.ended" -> plain(R.string.quittance_app_group_ended, count("count"))
    "app.group.ending" -> plain(R.string.quittance_app_group_ending, count("count"))
    "app.group.on" -> plain(R.string.quittance_app_group_on, count("count"))
    "app.group.paused" -> plain(R.string.quittance_app_group_paused, count("count"))
    else -> null
}

private fun appHalfTexts(key: String): TextResource? = when (key) {
    "app.half.active" -> plain(R.string.quittance_app_half_active)
    "app.half.destroyed" -> plain(R.string.quittance_app_half_destroyed)
    "app.half.held" -> plain(R.string.quittance_app_half_held)
    "app.half.provisioning" -> plain(R.string.quittance_app_half_provisioning)
    "app.half.quiesced" -> plain(R.string.quittance_app_half_quiesced)
    "app.half.unknown" -> plain(R.string.quittance_app_half_unknown)
    else -> null
}

private fun appHistoryTexts(key: String): TextResource? = when (key) {
    "app.history.as_of" -> plain(R.string.quittance_app_history_as_of, moment("as_of"))
    "app.history.empty" -> plain(R.string.quittance_app_history_empty)
    "app.history.never" -> plain(R.string.quittance_app_history_never)
    "app.history.title" -> plain(R.string.quittance_app_history_title)
    else -> null
}

private fun appHoldTexts(key: String): TextResource? = when (key) {
    "app.hold.since" -> plain(R.string.quittance_app_hold_since, moment("since"))
    "app.hold.title" -> plain(R.string.quittance_app_hold_title)
    "app.hold.until" -> plain(R.string.quittance_app_hold_until, moment("until"))
    "app.hold.until_lifted" -> plain(R.string.quittance_app_hold_until_lifted)
    else -> null
}

private fun appJumpTexts(key: String): TextResource? = when (key) {
    "app.jump.back" -> plain(R.string.quittance_app_jump_back)
    else -> null
}

private fun appKindTexts(key: String): TextResource? = when (key) {
    "app.kind.pay_as_you_go" -> plain(R.string.quittance_app_kind_pay_as_you_go)
    "app.kind.subscription" -> plain(R.string.quittance_app_kind_subscription)
    else -> null
}

private fun appLanguageTexts(key: String): TextResource? = when (key) {
    "app.language.en" -> plain(R.string.quittance_app_language_en)
    "app.language.other" -> plain(R.string.quittance_app_language_other)
    "app.language.zh_hans" -> plain(R.string.quittance_app_language_zh_hans)
    else -> null
}

private fun appListTexts(key: String): TextResource? = when (key) {
    "app.list.separator" -> plain(R.string.quittance_app_list_separator)
    else -> null
}

private fun appLockTexts(key: String): TextResource? = when (key) {
    "app.lock.extend.title" -> plain(R.string.quittance_app_lock_extend_title)
    "app.lock.not_told" -> plain(R.string.quittance_app_lock_not_told)
    "app.lock.now.body" -> plain(R.string.quittance_app_lock_now_body)
    "app.lock.now.title" -> plain(R.string.quittance_app_lock_now_title)
    "app.lock.off" -> plain(R.string.quittance_app_lock_off)
    "app.lock.on" -> plain(R.string.quittance_app_lock_on, moment("until"))
    "app.lock.since" -> plain(R.string.quittance_app_lock_since, moment("since"))
    "app.lock.title" -> plain(R.string.quittance_app_lock_title)
    "app.lock.told" -> plain(R.string.quittance_app_lock_told)
    "app.lock.trigger.abnormal_spending" -> plain(R.string.quittance_app_lock_trigger_abnormal_spending)
    "app.lock.trigger.other" -> plain(R.string.quittance_app_lock_trigger_other)
    "app.lock.trigger.payer" -> plain(R.string.quittance_app_lock_trigger_payer)
    "app.lock.trigger.remote_login" -> plain(R.string.quittance_app_lock_trigger_remote_login)
    else -> null
}

private fun appLockPasswordTexts(key: String): TextResource? = when (key) {
    "app.lock_password.again" -> plain(R.string.quittance_app_lock_password_again)
    "app.lock_password.body" -> plain(R.string.quittance_app_lock_password_body)
    "app.lock_password.choose" -> plain(R.string.quittance_app_lock_password_choose)
    "app.lock_password.done" -> plain(R.string.quittance_app_lock_password_done)
    "app.lock_password.not_set" -> plain(R.string.quittance_app_lock_password_not_set)
    "app.lock_password.set" -> plain(R.string.quittance_app_lock_password_set)
    "app.lock_password.title" -> plain(R.string.quittance_app_lock_password_title)
    else -> null
}

private fun appMissingTexts(key: String): TextResource? = when (key) {
    "app.missing.gateway_closure" -> plain(R.string.quittance_app_missing_gateway_closure)
    "app.missing.phone_statement" -> plain(R.string.quittance_app_missing_phone_statement)
    else -> null
}

private fun appMomentTexts(key: String): TextResource? = when (key) {
    "app.moment.far" -> plain(R.string.quittance_app_moment_far, words("date"), words("time"))
    "app.moment.near" -> plain(R.string.quittance_app_moment_near, words("weekday"), words("date"), words("time"))
    "app.moment.today" -> plain(R.string.quittance_app_moment_today, words("time"))
    "app.moment.tomorrow" -> plain(R.string.quittance_app_moment_tomorrow, words("time"))
    "app.moment.yesterday" -> plain(R.string.quittance_app_moment_yesterday, words("time"))
    else -> null
}

private fun appMoneyTexts(key: String): TextResource? = when (key) {
    "app.money.cny" -> plain(R.string.quittance_app_money_cny, words("value"))
    "app.money.other" -> plain(R.string.quittance_app_money_other, words("currency"), words("value"))
    else -> null
}

private fun appNextChargeTexts(key: String): TextResource? = when (key) {
    "app.next_charge.any_time" -> plain(R.string.quittance_app_next_charge_any_time, amount("amount"))
    "app.next_charge.from" -> plain(R.string.quittance_app_next_charge_from, moment("from"), amount("amount"))
    "app.next_charge.none" -> plain(R.string.quittance_app_next_charge_none)
    else -> null
}

private fun appOfferTexts(key: String): TextResource? = when (key) {
    "app.offer.body" -> plain(R.string.quittance_app_offer_body)
    "app.offer.field" -> plain(R.string.quittance_app_offer_field)
    "app.offer.title" -> plain(R.string.quittance_app_offer_title)
    "app.offer.unreadable" -> plain(R.string.quittance_app_offer_unreadable)
    "app.offer.until" -> plain(R.string.quittance_app_offer_until, moment("until"))
    "app.offer.unverified" -> plain(R.string.quittance_app_offer_unverified)
    "app.offer.vouch" -> plain(R.string.quittance_app_offer_vouch)
    else -> null
}

private fun appPeopleTexts(key: String): TextResource? = when (key) {
    "app.people.chosen" -> plain(R.string.quittance_app_people_chosen, count("count"), count("at_least"))
    else -> null
}

private fun appPermissionsTexts(key: String): TextResource? = when (key) {
    "app.permissions.as_of" -> plain(R.string.quittance_app_permissions_as_of, moment("as_of"))
    "app.permissions.empty.body" -> plain(R.string.quittance_app_permissions_empty_body)
    "app.permissions.empty.title" -> plain(R.string.quittance_app_permissions_empty_title)
    "app.permissions.never_heard" -> plain(R.string.quittance_app_permissions_never_heard)
    "app.permissions.offline" -> plain(R.string.quittance_app_permissions_offline)
    "app.permissions.stale" -> plain(R.string.quittance_app_permissions_stale, moment("as_of"))
    "app.permissions.title" -> plain(R.string.quittance_app_permissions_title)
    else -> null
}

private fun appPhotoTexts(key: String): TextResource? = when (key) {
    "app.photo.back" -> plain(R.string.quittance_app_photo_back)
    "app.photo.corners" -> plain(R.string.quittance_app_photo_corners)
    "app.photo.count" -> plain(R.string.quittance_app_photo_count, count("number"), count("photos"))
    "app.photo.frame" -> plain(R.string.quittance_app_photo_frame)
    "app.photo.front" -> plain(R.string.quittance_app_photo_front)
    "app.photo.glare" -> plain(R.string.quittance_app_photo_glare)
    else -> null
}

private fun appPinTexts(key: String): TextResource? = when (key) {
    "app.pin.delete" -> plain(R.string.quittance_app_pin_delete)
    "app.pin.entered" -> plain(R.string.quittance_app_pin_entered, count("entered"), count("digits"))
    "app.pin.locked" -> plain(R.string.quittance_app_pin_locked, wait("wait"))
    "app.pin.locked_for_now" -> plain(R.string.quittance_app_pin_locked_for_now)
    "app.pin.wrong" -> plural(R.plurals.quittance_app_pin_wrong, counted = "attempts", count("attempts"))
    else -> null
}

private fun appPrivacyTexts(key: String): TextResource? = when (key) {
    "app.privacy.cover" -> plain(R.string.quittance_app_privacy_cover)
    else -> null
}

private fun appProgressTexts(key: String): TextResource? = when (key) {
    "app.progress.loading" -> plain(R.string.quittance_app_progress_loading)
    "app.progress.working" -> plain(R.string.quittance_app_progress_working)
    else -> null
}

private fun appPromptTexts(key: String): TextResource? = when (key) {
    "app.prompt.at_the_latest" -> plain(R.string.quittance_app_prompt_at_the_latest, moment("until"))
    "app.prompt.attempts_left" -> plural(R.plurals.quittance_app_prompt_attempts_left, counted = "attempts", count("attempts"))
    "app.prompt.consequences" -> plain(R.string.quittance_app_prompt_consequences)
    "app.prompt.deadline" -> plain(R.string.quittance_app_prompt_deadline, moment("deadline"))
    "app.prompt.mandates" -> plain(R.string.quittance_app_prompt_mandates)
    "app.prompt.no_limit" -> plain(R.string.quittance_app_prompt_no_limit)
    "app.prompt.offline" -> plain(R.string.quittance_app_prompt_offline)
    "app.prompt.open_flows" -> plural(R.plurals.quittance_app_prompt_open_flows, counted = "count", count("count"))
    "app.prompt.progress" -> plain(R.string.quittance_app_prompt_progress, count("number"), count("steps"))
    "app.prompt.resumed" -> plain(R.string.quittance_app_prompt_resumed)
    "app.prompt.since" -> plain(R.string.quittance_app_prompt_since, moment("since"))
    "app.prompt.under_way" -> plain(R.string.quittance_app_prompt_under_way)
    "app.prompt.what_now" -> plain(R.string.quittance_app_prompt_what_now)
    "app.prompt.why" -> plain(R.string.quittance_app_prompt_why)
    else -> null
}

private fun appQuizTexts(key: String): TextResource? = when (key) {
    "app.quiz.amount" -> plain(R.string.quittance_app_quiz_amount)
    "app.quiz.date" -> plain(R.string.quittance_app_quiz_date)
    "app.quiz.merchant" -> plain(R.string.quittance_app_quiz_merchant)
    "app.quiz.number" -> plain(R.string.quittance_app_quiz_number, count("number"), count("charges"))
    else -> null
}

private fun appReceiptTexts(key: String): TextResource? = when (key) {
    "app.receipt.agreed" -> plain(R.string.quittance_app_receipt_agreed)
    "app.receipt.check.holds" -> plain(R.string.quittance_app_receipt_check_holds, moment("at"))
    "app.receipt.check.place" -> plain(R.string.quittance_app_receipt_check_place, count("place"), words("record"))
    "app.receipt.check.refused" -> plain(R.string.quittance_app_receipt_check_refused)
    "app.receipt.check.unchanged" -> plain(R.string.quittance_app_receipt_check_unchanged)
    "app.receipt.checked" -> plain(R.string.quittance_app_receipt_checked)
    "app.receipt.claim" -> plain(R.string.quittance_app_receipt_claim)
    "app.receipt.claim_one_sided" -> plain(R.string.quittance_app_receipt_claim_one_sided)
    "app.receipt.closed_at" -> plain(R.string.quittance_app_receipt_closed_at, moment("at"))
    "app.receipt.held" -> plain(R.string.quittance_app_receipt_held)
    "app.receipt.missing" -> plain(R.string.quittance_app_receipt_missing)
    "app.receipt.on_record" -> plain(R.string.quittance_app_receipt_on_record)
    "app.receipt.phone_destroyed" -> plain(R.string.quittance_app_receipt_phone_destroyed)
    "app.receipt.service_destroyed" -> plain(R.string.quittance_app_receipt_service_destroyed)
    "app.receipt.share_note" -> plain(R.string.quittance_app_receipt_share_note)
    "app.receipt.title" -> plain(R.string.quittance_app_receipt_title, words("service"))
    else -> null
}

private fun appReceiptsTexts(key: String): TextResource? = when (key) {
    "app.receipts.empty.body" -> plain(R.string.quittance_app_receipts_empty_body)
    "app.receipts.empty.title" -> plain(R.string.quittance_app_receipts_empty_title)
    "app.receipts.title" -> plain(R.string.quittance_app_receipts_title)
    else -> null
}

private fun appRecordTexts(key: String): TextResource? = when (key) {
    "app.record.face" -> plain(R.string.quittance_app_record_face)
    "app.record.oval" -> plain(R.string.quittance_app_record_oval)
    "app.record.video" -> plain(R.string.quittance_app_record_video)
    else -> null
}

private fun appRecoveryTexts(key: String): TextResource? = when (key) {
    "app.recovery.as_of" -> plain(R.string.quittance_app_recovery_as_of, moment("at"))
    "app.recovery.body" -> plain(R.string.quittance_app_recovery_body)
    "app.recovery.done" -> plain(R.string.quittance_app_recovery_done)
    "app.recovery.needs_network" -> plain(R.string.quittance_app_recovery_needs_network)
    "app.recovery.never_heard" -> plain(R.string.quittance_app_recovery_never_heard)
    "app.recovery.new_pin.body" -> plain(R.string.quittance_app_recovery_new_pin_body)
    "app.recovery.new_pin.title" -> plain(R.string.quittance_app_recovery_new_pin_title)
    "app.recovery.not_ready" -> plain(R.string.quittance_app_recovery_not_ready)
    "app.recovery.ready" -> plain(R.string.quittance_app_recovery_ready)
    "app.recovery.title" -> plain(R.string.quittance_app_recovery_title)
    else -> null
}

private fun appSandboxTexts(key: String): TextResource? = when (key) {
    "app.sandbox.notice" -> plain(R.string.quittance_app_sandbox_notice)
    else -> null
}

private fun appSecurityTexts(key: String): TextResource? = when (key) {
    "app.security.title" -> plain(R.string.quittance_app_security_title)
    else -> null
}

private fun appSetUpAgainTexts(key: String): TextResource? = when (key) {
    "app.set_up_again.lost" -> plain(R.string.quittance_app_set_up_again_lost)
    "app.set_up_again.not_stopped" -> plain(R.string.quittance_app_set_up_again_not_stopped)
    "app.set_up_again.receipts" -> plural(R.plurals.quittance_app_set_up_again_receipts, counted = "receipts", count("receipts"))
    "app.set_up_again.stopped" -> plain(R.string.quittance_app_set_up_again_stopped)
    else -> null
}

private fun appSeveralTexts(key: String): TextResource? = when (key) {
    "app.several.body" -> plain(R.string.quittance_app_several_body)
    "app.several.chosen" -> plain(R.string.quittance_app_several_chosen, count("count"))
    "app.several.title" -> plain(R.string.quittance_app_several_title)
    else -> null
}

private fun appStateTexts(key: String): TextResource? = when (key) {
    "app.state.active" -> plain(R.string.quittance_app_state_active)
    "app.state.draft" -> plain(R.string.quittance_app_state_draft)
    "app.state.ended" -> plain(R.string.quittance_app_state_ended)
    "app.state.pending_authorization" -> plain(R.string.quittance_app_state_pending_authorization)
    "app.state.pending_bank" -> plain(R.string.quittance_app_state_pending_bank)
    "app.state.provisioning" -> plain(R.string.quittance_app_state_provisioning)
    "app.state.rejected" -> plain(R.string.quittance_app_state_rejected)
    "app.state.revocation_scheduled" -> plain(R.string.quittance_app_state_revocation_scheduled)
    "app.state.revoking" -> plain(R.string.quittance_app_state_revoking)
    "app.state.suspended" -> plain(R.string.quittance_app_state_suspended)
    else -> null
}

private fun appStopTexts(key: String): TextResource? = when (key) {
    "app.stop.body" -> plain(R.string.quittance_app_stop_body)
    "app.stop.category" -> plain(R.string.quittance_app_stop_category, words("category"))
    "app.stop.empty" -> plain(R.string.quittance_app_stop_empty)
    "app.stop.everything" -> plain(R.string.quittance_app_stop_everything)
    "app.stop.merchant" -> plain(R.string.quittance_app_stop_merchant, words("merchant"))
    "app.stop.title" -> plain(R.string.quittance_app_stop_title)
    else -> null
}

private fun appSwitchTexts(key: String): TextResource? = when (key) {
    "app.switch.locked" -> plain(R.string.quittance_app_switch_locked, words("service"), words("reason"))
    "app.switch.off" -> plain(R.string.quittance_app_switch_off, words("service"))
    "app.switch.on" -> plain(R.string.quittance_app_switch_on, words("service"))
    else -> null
}

private fun appTabTexts(key: String): TextResource? = when (key) {
    "app.tab.permissions" -> plain(R.string.quittance_app_tab_permissions)
    "app.tab.receipts" -> plain(R.string.quittance_app_tab_receipts)
    "app.tab.recovery" -> plain(R.string.quittance_app_tab_recovery)
    "app.tab.security" -> plain(R.string.quittance_app_tab_security)
    else -> null
}

private fun appTakenTexts(key: String): TextResource? = when (key) {
    "app.taken.in_period" -> plain(R.string.quittance_app_taken_in_period, amount("amount"))
    "app.taken.in_total" -> plural(R.plurals.quittance_app_taken_in_total, counted = "charges", amount("amount"), count("charges"))
    "app.taken.last" -> plain(R.string.quittance_app_taken_last, moment("at"))
    "app.taken.none" -> plain(R.string.quittance_app_taken_none)
    "app.taken.title" -> plain(R.string.quittance_app_taken_title)
    else -> null
}

private fun appTermsTexts(key: String): TextResource? = when (key) {
    "app.terms.bundled" -> plain(R.string.quittance_app_terms_bundled, words("service"))
    "app.terms.category" -> plain(R.string.quittance_app_terms_category, words("category"))
    "app.terms.charges" -> plural(R.plurals.quittance_app_terms_charges, counted = "charges", count("charges"))
    "app.terms.charges_per_period" -> plural(R.plurals.quittance_app_terms_charges_per_period, counted = "charges", count("charges"))
    "app.terms.does_not_renew" -> plain(R.string.quittance_app_terms_does_not_renew)
    "app.terms.exact" -> plain(R.string.quittance_app_terms_exact, amount("amount"))
    "app.terms.no_end" -> plain(R.string.quittance_app_terms_no_end)
    "app.terms.per_charge" -> plain(R.string.quittance_app_terms_per_charge, amount("amount"))
    "app.terms.per_period" -> plural(R.plurals.quittance_app_terms_per_period, counted = "days", amount("amount"), count("days"))
    "app.terms.renews" -> plain(R.string.quittance_app_terms_renews)
    "app.terms.system_default" -> plain(R.string.quittance_app_terms_system_default)
    "app.terms.title" -> plain(R.string.quittance_app_terms_title)
    "app.terms.total" -> plain(R.string.quittance_app_terms_total, amount("amount"))
    "app.terms.until" -> plain(R.string.quittance_app_terms_until, moment("until"))
    else -> null
}

private fun appUndoTexts(key: String): TextResource? = when (key) {
    "app.undo.until" -> plain(R.string.quittance_app_undo_until, moment("until"))
    else -> null
}

private fun appVouchTexts(key: String): TextResource? = when (key) {
    "app.vouch.body" -> plain(R.string.quittance_app_vouch_body)
    "app.vouch.other" -> plain(R.string.quittance_app_vouch_other)
    "app.vouch.own.body" -> plain(R.string.quittance_app_vouch_own_body)
    "app.vouch.own.title" -> plain(R.string.quittance_app_vouch_own_title)
    "app.vouch.pin" -> plain(R.string.quittance_app_vouch_pin)
    "app.vouch.sent" -> plain(R.string.quittance_app_vouch_sent)
    "app.vouch.teen" -> plain(R.string.quittance_app_vouch_teen)
    "app.vouch.title" -> plain(R.string.quittance_app_vouch_title)
    else -> null
}

private fun appWaitTexts(key: String): TextResource? = when (key) {
    "app.wait.days" -> plural(R.plurals.quittance_app_wait_days, counted = "count", count("count"))
    "app.wait.hours" -> plural(R.plurals.quittance_app_wait_hours, counted = "count", count("count"))
    "app.wait.minutes" -> plural(R.plurals.quittance_app_wait_minutes, counted = "count", count("count"))
    "app.wait.seconds" -> plural(R.plurals.quittance_app_wait_seconds, counted = "count", count("count"))
    "app.wait.working_days" -> plural(R.plurals.quittance_app_wait_working_days, counted = "count", count("count"))
    else -> null
}

private fun appWaysTexts(key: String): TextResource? = when (key) {
    "app.ways.asks" -> plain(R.string.quittance_app_ways_asks, keys("factors"))
    "app.ways.at_once" -> plain(R.string.quittance_app_ways_at_once)
    "app.ways.best" -> plain(R.string.quittance_app_ways_best)
    "app.ways.closed" -> plain(R.string.quittance_app_ways_closed, words("reason"))
    "app.ways.later" -> plain(R.string.quittance_app_ways_later, moment("at"))
    "app.ways.none" -> plain(R.string.quittance_app_ways_none)
    "app.ways.steps" -> plural(R.plurals.quittance_app_ways_steps, counted = "steps", count("steps"))
    "app.ways.title" -> plain(R.string.quittance_app_ways_title)
    else -> null
}

private fun askTexts(key: String): TextResource? = when (key) {
    "ask.bank_card_elements.body" -> plain(R.string.quittance_ask_bank_card_elements_body)
    "ask.bank_card_elements.title" -> plain(R.string.quittance_ask_bank_card_elements_title)
    "ask.bank_card_elements.why" -> plain(R.string.quittance_ask_bank_card_elements_why)
    "ask.biometric.body" -> plain(R.string.quittance_ask_biometric_body)
    "ask.biometric.prompt.reason" -> plain(R.string.quittance_ask_biometric_prompt_reason)
    "ask.biometric.prompt.title" -> plain(R.string.quittance_ask_biometric_prompt_title)
    "ask.biometric.title" -> plain(R.string.quittance_ask_biometric_title)
    "ask.biometric.why" -> plain(R.string.quittance_ask_biometric_why)
    "ask.choose.body" -> plural(R.plurals.quittance_ask_choose_body, counted = "count", count("count"))
    "ask.choose.title" -> plain(R.string.quittance_ask_choose_title)
    "ask.choose.why" -> plain(R.string.quittance_ask_choose_why)
    "ask.code.body" -> plain(R.string.quittance_ask_code_body)
    "ask.code.bound.body" -> plain(R.string.quittance_ask_code_bound_body)
    "ask.code.foreign.body" -> plain(R.string.quittance_ask_code_foreign_body)
    "ask.code.own.body" -> plain(R.string.quittance_ask_code_own_body)
    "ask.code.title" -> plain(R.string.quittance_ask_code_title)
    "ask.code.why" -> plain(R.string.quittance_ask_code_why)
    "ask.confirm.body" -> plain(R.string.quittance_ask_confirm_body)
    "ask.confirm.title" -> plain(R.string.quittance_ask_confirm_title)
    "ask.confirm.why" -> plain(R.string.quittance_ask_confirm_why)
    "ask.consent.body" -> plain(R.string.quittance_ask_consent_body)
    "ask.consent.title" -> plain(R.string.quittance_ask_consent_title)
    "ask.consent.why" -> plain(R.string.quittance_ask_consent_why)
    "ask.device_passcode.body" -> plain(R.string.quittance_ask_device_passcode_body)
    "ask.device_passcode.prompt.reason" -> plain(R.string.quittance_ask_device_passcode_prompt_reason)
    "ask.device_passcode.prompt.title" -> plain(R.string.quittance_ask_device_passcode_prompt_title)
    "ask.device_passcode.title" -> plain(R.string.quittance_ask_device_passcode_title)
    "ask.device_passcode.why" -> plain(R.string.quittance_ask_device_passcode_why)
    "ask.facts.body" -> plain(R.string.quittance_ask_facts_body)
    "ask.facts.title" -> plain(R.string.quittance_ask_facts_title)
    "ask.facts.why" -> plain(R.string.quittance_ask_facts_why)
    "ask.gesture_video.body" -> plain(R.string.quittance_ask_gesture_video_body, keys("gestures"))
    "ask.gesture_video.title" -> plain(R.string.quittance_ask_gesture_video_title)
    "ask.gesture_video.why" -> plain(R.string.quittance_ask_gesture_video_why)
    "ask.guardianship_proof.body" -> plain(R.string.quittance_ask_guardianship_proof_body)
    "ask.guardianship_proof.title" -> plain(R.string.quittance_ask_guardianship_proof_title)
    "ask.guardianship_proof.why" -> plain(R.string.quittance_ask_guardianship_proof_why)
    "ask.handheld_id_photo.body" -> plain(R.string.quittance_ask_handheld_id_photo_body)
    "ask.handheld_id_photo.title" -> plain(R.string.quittance_ask_handheld_id_photo_title)
    "ask.handheld_id_photo.why" -> plain(R.string.quittance_ask_handheld_id_photo_why)
    "ask.id_document.body" -> plain(R.string.quittance_ask_id_document_body)
    "ask.id_document.title" -> plain(R.string.quittance_ask_id_document_title)
    "ask.id_document.why" -> plain(R.string.quittance_ask_id_document_why)
    "ask.jump.body" -> plain(R.string.quittance_ask_jump_body)
    "ask.jump.title" -> plain(R.string.quittance_ask_jump_title)
    "ask.jump.why" -> plain(R.string.quittance_ask_jump_why)
    "ask.liveness.body" -> plain(R.string.quittance_ask_liveness_body)
    "ask.liveness.title" -> plain(R.string.quittance_ask_liveness_title)
    "ask.liveness.why" -> plain(R.string.quittance_ask_liveness_why)
    "ask.lock_password.body" -> plain(R.string.quittance_ask_lock_password_body)
    "ask.lock_password.title" -> plain(R.string.quittance_ask_lock_password_title)
    "ask.lock_password.why" -> plain(R.string.quittance_ask_lock_password_why)
    "ask.passport.body" -> plain(R.string.quittance_ask_passport_body)
    "ask.passport.title" -> plain(R.string.quittance_ask_passport_title)
    "ask.passport.why" -> plain(R.string.quittance_ask_passport_why)
    "ask.payment_pin.body" -> plain(R.string.quittance_ask_payment_pin_body)
    "ask.payment_pin.title" -> plain(R.string.quittance_ask_payment_pin_title)
    "ask.payment_pin.why" -> plain(R.string.quittance_ask_payment_pin_why)
    "ask.people.body" -> plain(R.string.quittance_ask_people_body)
    "ask.people.title" -> plain(R.string.quittance_ask_people_title)
    "ask.people.why" -> plain(R.string.quittance_ask_people_why)
    "ask.proof_of_address.body" -> plain(R.string.quittance_ask_proof_of_address_body)
    "ask.proof_of_address.title" -> plain(R.string.quittance_ask_proof_of_address_title)
    "ask.proof_of_address.why" -> plain(R.string.quittance_ask_proof_of_address_why)
    "ask.quiz_amounts.body" -> plain(R.string.quittance_ask_quiz_amounts_body)
    "ask.quiz_amounts.title" -> plain(R.string.quittance_ask_quiz_amounts_title)
    "ask.quiz_amounts.why" -> plain(R.string.quittance_ask_quiz_amounts_why)
    "ask.quiz_amounts_again.body" -> plain(R.string.quittance_ask_quiz_amounts_again_body)
    "ask.quiz_amounts_again.title" -> plain(R.string.quittance_ask_quiz_amounts_again_title)
    "ask.quiz_amounts_again.why" -> plain(R.string.quittance_ask_quiz_amounts_again_why)
    "ask.quiz_dates.body" -> plain(R.string.quittance_ask_quiz_dates_body)
    "ask.quiz_dates.title" -> plain(R.string.quittance_ask_quiz_dates_title)
    "ask.quiz_dates.why" -> plain(R.string.quittance_ask_quiz_dates_why)
    "ask.quiz_merchants.body" -> plain(R.string.quittance_ask_quiz_merchants_body)
    "ask.quiz_merchants.title" -> plain(R.string.quittance_ask_quiz_merchants_title)
    "ask.quiz_merchants.why" -> plain(R.string.quittance_ask_quiz_merchants_why)
    "ask.video_verification.body" -> plain(R.string.quittance_ask_video_verification_body)
    "ask.video_verification.title" -> plain(R.string.quittance_ask_video_verification_title)
    "ask.video_verification.why" -> plain(R.string.quittance_ask_video_verification_why)
    else -> null
}

private fun assistedTexts(key: String): TextResource? = when (key) {
    "assisted.open_case.body" -> plural(R.plurals.quittance_assisted_open_case_body, counted = "count", count("count"))
    "assisted.open_case.title" -> plain(R.string.quittance_assisted_open_case_title)
    "assisted.open_case.why" -> plain(R.string.quittance_assisted_open_case_why)
    "assisted.payer_confirm.body" -> plural(R.plurals.quittance_assisted_payer_confirm_body, counted = "count", count("count"))
    "assisted.payer_confirm.title" -> plain(R.string.quittance_assisted_payer_confirm_title)
    "assisted.payer_confirm.why" -> plain(R.string.quittance_assisted_payer_confirm_why)
    else -> null
}

private fun becauseTexts(key: String): TextResource? = when (key) {
    "because.auto_renewal" -> plain(R.string.quittance_because_auto_renewal)
    "because.bank_channel" -> plain(R.string.quittance_because_bank_channel)
    "because.complete" -> plain(R.string.quittance_because_complete)
    "because.disagreed" -> plain(R.string.quittance_because_disagreed)
    "because.exceeds.lock_active" -> plain(R.string.quittance_because_exceeds_lock_active)
    "because.exceeds.lock_trigger_open" -> plain(R.string.quittance_because_exceeds_lock_trigger_open)
    "because.exceeds.quiz_attempts_today" -> plain(R.string.quittance_because_exceeds_quiz_attempts_today, count("value"), count("bound"))
    "because.exceeds.recovering" -> plain(R.string.quittance_because_exceeds_recovering, wait("wait"))
    "because.exceeds.requested_limit" -> plain(R.string.quittance_because_exceeds_requested_limit, amount("value"), amount("bound"))
    "because.exceeds.system_default" -> plain(R.string.quittance_because_exceeds_system_default)
    "because.high_risk_region" -> plain(R.string.quittance_because_high_risk_region)
    "because.lacks.contacts_confirmed" -> plain(R.string.quittance_because_lacks_contacts_confirmed, count("value"), count("bound"))
    "because.lacks.contacts_eligible" -> plain(R.string.quittance_because_lacks_contacts_eligible, count("bound"), count("value"))
    "because.lacks.contacts_verified" -> plain(R.string.quittance_because_lacks_contacts_verified, count("value"), count("bound"))
    "because.lacks.is_guardian" -> plain(R.string.quittance_because_lacks_is_guardian)
    "because.lacks.lock_active" -> plain(R.string.quittance_because_lacks_lock_active)
    "because.lacks.quiz_score" -> plain(R.string.quittance_because_lacks_quiz_score, words("value"), words("bound"))
    "because.lacks.risk_cleared" -> plain(R.string.quittance_because_lacks_risk_cleared)
    "because.lacks.settled_transactions" -> plain(R.string.quittance_because_lacks_settled_transactions, count("bound"), count("value"))
    "because.lacks.undo_allowed" -> plain(R.string.quittance_because_lacks_undo_allowed)
    "because.late" -> plain(R.string.quittance_because_late)
    "because.left" -> plain(R.string.quittance_because_left)
    "because.mini_program" -> plain(R.string.quittance_because_mini_program)
    "because.needs_foreign_phone_otp" -> plain(R.string.quittance_because_needs_foreign_phone_otp)
    "because.needs_handheld_id_photo" -> plain(R.string.quittance_because_needs_handheld_id_photo)
    "because.needs_passport" -> plain(R.string.quittance_because_needs_passport)
    "because.needs_proof_of_address" -> plain(R.string.quittance_because_needs_proof_of_address)
    "because.needs_video_verification" -> plain(R.string.quittance_because_needs_video_verification)
    "because.objected" -> plain(R.string.quittance_because_objected)
    "because.other" -> plain(R.string.quittance_because_other)
    "because.overseas" -> plain(R.string.quittance_because_overseas)
    "because.quiz_amounts_wrong" -> plain(R.string.quittance_because_quiz_amounts_wrong)
    "because.said_no.bank" -> plain(R.string.quittance_because_said_no_bank)
    "because.said_no.guardian" -> plain(R.string.quittance_because_said_no_guardian)
    "because.said_no.merchant" -> plain(R.string.quittance_because_said_no_merchant)
    "because.said_no.review" -> plain(R.string.quittance_because_said_no_review)
    "because.service" -> plain(R.string.quittance_because_service)
    "because.system_default" -> plain(R.string.quittance_because_system_default)
    "because.tries" -> plural(R.plurals.quittance_because_tries, counted = "failed", count("failed"))
    "because.vpn" -> plain(R.string.quittance_because_vpn)
    else -> null
}

private fun cancelTexts(key: String): TextResource? = when (key) {
    "cancel.confirm.body" -> plural(R.plurals.quittance_cancel_confirm_body, counted = "count", count("count"))
    "cancel.confirm.consequence.destroyed" -> plain(R.string.quittance_cancel_confirm_consequence_destroyed)
    "cancel.confirm.consequence.final" -> plain(R.string.quittance_cancel_confirm_consequence_final)
    "cancel.confirm.consequence.later" -> plain(R.string.quittance_cancel_confirm_consequence_later)
    "cancel.confirm.consequence.membership" -> plain(R.string.quittance_cancel_confirm_consequence_membership)
    "cancel.confirm.consequence.offline" -> plural(R.plurals.quittance_cancel_confirm_consequence_offline, counted = "permits", count("permits"))
    "cancel.confirm.consequence.refunds" -> plain(R.string.quittance_cancel_confirm_consequence_refunds)
    "cancel.confirm.consequence.stops" -> plain(R.string.quittance_cancel_confirm_consequence_stops)
    "cancel.confirm.title" -> plain(R.string.quittance_cancel_confirm_title)
    "cancel.confirm.why" -> plain(R.string.quittance_cancel_confirm_why)
    "cancel.identify.body" -> plural(R.plurals.quittance_cancel_identify_body, counted = "count", count("count"))
    "cancel.identify.prompt.reason" -> plain(R.string.quittance_cancel_identify_prompt_reason)
    "cancel.identify.prompt.title" -> plain(R.string.quittance_cancel_identify_prompt_title)
    "cancel.identify.title" -> plain(R.string.quittance_cancel_identify_title)
    "cancel.identify.why" -> plain(R.string.quittance_cancel_identify_why)
    "cancel.payment_pin.body" -> plain(R.string.quittance_cancel_payment_pin_body)
    "cancel.payment_pin.title" -> plain(R.string.quittance_cancel_payment_pin_title)
    "cancel.payment_pin.why" -> plain(R.string.quittance_cancel_payment_pin_why)
    else -> null
}

private fun checkupTexts(key: String): TextResource? = when (key) {
    "checkup.account_theft" -> plain(R.string.quittance_checkup_account_theft)
    "checkup.finding.clock_far_off" -> plain(R.string.quittance_checkup_finding_clock_far_off, wait("by"))
    "checkup.finding.end_disputed" -> plural(R.plurals.quittance_checkup_finding_end_disputed, counted = "count", count("count"))
    "checkup.finding.end_refused" -> plural(R.plurals.quittance_checkup_finding_end_refused, counted = "count", count("count"))
    "checkup.finding.keys_in_software" -> plain(R.string.quittance_checkup_finding_keys_in_software)
    "checkup.finding.locked_by_itself" -> plain(R.string.quittance_checkup_finding_locked_by_itself)
    "checkup.finding.no_biometrics" -> plain(R.string.quittance_checkup_finding_no_biometrics)
    "checkup.finding.no_lock_password" -> plain(R.string.quittance_checkup_finding_no_lock_password)
    "checkup.finding.no_screen_lock" -> plain(R.string.quittance_checkup_finding_no_screen_lock)
    "checkup.finding.no_way_back" -> plain(R.string.quittance_checkup_finding_no_way_back)
    "checkup.finding.quarantined" -> plain(R.string.quittance_checkup_finding_quarantined)
    "checkup.finding.record_contradicts" -> plain(R.string.quittance_checkup_finding_record_contradicts)
    "checkup.finding.stale" -> plural(R.plurals.quittance_checkup_finding_stale, counted = "count", count("count"))
    "checkup.finding.switched_on_unasked" -> plural(R.plurals.quittance_checkup_finding_switched_on_unasked, counted = "count", count("count"))
    "checkup.finding.system_not_verified" -> plain(R.string.quittance_checkup_finding_system_not_verified)
    "checkup.login_environment" -> plain(R.string.quittance_checkup_login_environment)
    "checkup.payment" -> plain(R.string.quittance_checkup_payment)
    "checkup.privacy_leak" -> plain(R.string.quittance_checkup_privacy_leak)
    else -> null
}

private fun consequenceTexts(key: String): TextResource? = when (key) {
    "consequence.leave_teen" -> plain(R.string.quittance_consequence_leave_teen)
    "consequence.lift_stop" -> plain(R.string.quittance_consequence_lift_stop)
    "consequence.limits" -> plain(R.string.quittance_consequence_limits, amount("per_charge"), amount("per_period"))
    "consequence.limits_risk" -> plain(R.string.quittance_consequence_limits_risk)
    "consequence.other" -> plain(R.string.quittance_consequence_other)
    "consequence.pin_reset" -> plain(R.string.quittance_consequence_pin_reset)
    "consequence.undo" -> plain(R.string.quittance_consequence_undo)
    else -> null
}

private fun contactsTexts(key: String): TextResource? = when (key) {
    "contacts.changed" -> plain(R.string.quittance_contacts_changed)
    "contacts.enter.body" -> plain(R.string.quittance_contacts_enter_body)
    "contacts.enter.title" -> plain(R.string.quittance_contacts_enter_title)
    "contacts.enter.why" -> plain(R.string.quittance_contacts_enter_why)
    "contacts.request.body" -> plural(R.plurals.quittance_contacts_request_body, counted = "at_least", count("at_least"))
    "contacts.request.title" -> plain(R.string.quittance_contacts_request_title)
    "contacts.request.why" -> plain(R.string.quittance_contacts_request_why)
    else -> null
}

private fun contactsSetTexts(key: String): TextResource? = when (key) {
    "contacts_set.people.body" -> plural(R.plurals.quittance_contacts_set_people_body, counted = "at_least", count("at_least"))
    "contacts_set.people.title" -> plain(R.string.quittance_contacts_set_people_title)
    "contacts_set.people.why" -> plain(R.string.quittance_contacts_set_people_why)
    else -> null
}

private fun endTexts(key: String): TextResource? = when (key) {
    "end.allowed.body" -> plain(R.string.quittance_end_allowed_body)
    "end.allowed.title" -> plain(R.string.quittance_end_allowed_title)
    "end.changed.body" -> plain(R.string.quittance_end_changed_body)
    "end.changed.title" -> plain(R.string.quittance_end_changed_title)
    "end.expired.body" -> plain(R.string.quittance_end_expired_body)
    "end.expired.title" -> plain(R.string.quittance_end_expired_title)
    "end.left.body" -> plain(R.string.quittance_end_left_body)
    "end.left.title" -> plain(R.string.quittance_end_left_title)
    "end.lifted.body" -> plain(R.string.quittance_end_lifted_body)
    "end.lifted.title" -> plain(R.string.quittance_end_lifted_title)
    "end.pin_reset.body" -> plain(R.string.quittance_end_pin_reset_body)
    "end.pin_reset.title" -> plain(R.string.quittance_end_pin_reset_title)
    "end.refused.body" -> plain(R.string.quittance_end_refused_body)
    "end.refused.title" -> plain(R.string.quittance_end_refused_title)
    "end.scheduled.body" -> plain(R.string.quittance_end_scheduled_body)
    "end.scheduled.title" -> plain(R.string.quittance_end_scheduled_title)
    "end.stopped.body" -> plain(R.string.quittance_end_stopped_body)
    "end.stopped.title" -> plain(R.string.quittance_end_stopped_title)
    "end.stopped_alone.body" -> plain(R.string.quittance_end_stopped_alone_body)
    "end.stopped_alone.title" -> plain(R.string.quittance_end_stopped_alone_title)
    "end.stopping.body" -> plain(R.string.quittance_end_stopping_body)
    "end.stopping.title" -> plain(R.string.quittance_end_stopping_title)
    "end.undone.body" -> plain(R.string.quittance_end_undone_body)
    "end.undone.title" -> plain(R.string.quittance_end_undone_title)
    "end.why" -> plain(R.string.quittance_end_why)
    else -> null
}

private fun evidenceTexts(key: String): TextResource? = when (key) {
    "evidence.attested_in_software" -> plain(R.string.quittance_evidence_attested_in_software)
    "evidence.auth_missing" -> plain(R.string.quittance_evidence_auth_missing)
    "evidence.auth_not_per_use" -> plain(R.string.quittance_evidence_auth_not_per_use)
    "evidence.auth_other_kind" -> plain(R.string.quittance_evidence_auth_other_kind)
    "evidence.boot_not_verified" -> plain(R.string.quittance_evidence_boot_not_verified)
    "evidence.boot_self_signed" -> plain(R.string.quittance_evidence_boot_self_signed)
    "evidence.boot_unknown" -> plain(R.string.quittance_evidence_boot_unknown)
    "evidence.challenge_differs" -> plain(R.string.quittance_evidence_challenge_differs)
    "evidence.device_unlocked" -> plain(R.string.quittance_evidence_device_unlocked)
    "evidence.expired" -> plain(R.string.quittance_evidence_expired)
    "evidence.foreign_root" -> plain(R.string.quittance_evidence_foreign_root)
    "evidence.issuer_not_authority" -> plain(R.string.quittance_evidence_issuer_not_authority)
    "evidence.kept_in_software" -> plain(R.string.quittance_evidence_kept_in_software)
    "evidence.no_chain" -> plain(R.string.quittance_evidence_no_chain)
    "evidence.no_statement" -> plain(R.string.quittance_evidence_no_statement)
    "evidence.not_generated" -> plain(R.string.quittance_evidence_not_generated)
    "evidence.not_p256" -> plain(R.string.quittance_evidence_not_p256)
    "evidence.not_yet_valid" -> plain(R.string.quittance_evidence_not_yet_valid)
    "evidence.purpose_not_signing" -> plain(R.string.quittance_evidence_purpose_not_signing)
    "evidence.revoked" -> plain(R.string.quittance_evidence_revoked)
    "evidence.unrecognised" -> plain(R.string.quittance_evidence_unrecognised)
    else -> null
}

private fun fieldTexts(key: String): TextResource? = when (key) {
    "field.card.number" -> plain(R.string.quittance_field_card_number)
    "field.card.phone" -> plain(R.string.quittance_field_card_phone)
    else -> null
}

private fun flowTexts(key: String): TextResource? = when (key) {
    "flow.assisted.name" -> plain(R.string.quittance_flow_assisted_name)
    "flow.bank_item.name" -> plain(R.string.quittance_flow_bank_item_name)
    "flow.cancel.name" -> plain(R.string.quittance_flow_cancel_name)
    "flow.contacts.name" -> plain(R.string.quittance_flow_contacts_name)
    "flow.contacts_set.name" -> plain(R.string.quittance_flow_contacts_set_name)
    "flow.forced.name" -> plain(R.string.quittance_flow_forced_name)
    "flow.limits.name" -> plain(R.string.quittance_flow_limits_name)
    "flow.lock_extend.name" -> plain(R.string.quittance_flow_lock_extend_name)
    "flow.lock_release.name" -> plain(R.string.quittance_flow_lock_release_name)
    "flow.lock_set_password.name" -> plain(R.string.quittance_flow_lock_set_password_name)
    "flow.mini_program.name" -> plain(R.string.quittance_flow_mini_program_name)
    "flow.other.name" -> plain(R.string.quittance_flow_other_name)
    "flow.quiz.name" -> plain(R.string.quittance_flow_quiz_name)
    "flow.resume.name" -> plain(R.string.quittance_flow_resume_name)
    "flow.service.name" -> plain(R.string.quittance_flow_service_name)
    "flow.sign.name" -> plain(R.string.quittance_flow_sign_name)
    "flow.stop_lift.name" -> plain(R.string.quittance_flow_stop_lift_name)
    "flow.teen_exit.name" -> plain(R.string.quittance_flow_teen_exit_name)
    "flow.teen_limit.name" -> plain(R.string.quittance_flow_teen_limit_name)
    "flow.undo.name" -> plain(R.string.quittance_flow_undo_name)
    else -> null
}

private fun forcedTexts(key: String): TextResource? = when (key) {
    "forced.report.body" -> plain(R.string.quittance_forced_report_body)
    "forced.report.title" -> plain(R.string.quittance_forced_report_title)
    "forced.report.why" -> plain(R.string.quittance_forced_report_why)
    else -> null
}

private fun gestureTexts(key: String): TextResource? = when (key) {
    "gesture.blink" -> plain(R.string.quittance_gesture_blink)
    "gesture.nod" -> plain(R.string.quittance_gesture_nod)
    "gesture.open_mouth" -> plain(R.string.quittance_gesture_open_mouth)
    "gesture.other" -> plain(R.string.quittance_gesture_other)
    "gesture.shake_head" -> plain(R.string.quittance_gesture_shake_head)
    "gesture.turn_left" -> plain(R.string.quittance_gesture_turn_left)
    "gesture.turn_right" -> plain(R.string.quittance_gesture_turn_right)
    else -> null
}

private fun holdTexts(key: String): TextResource? = when (key) {
    "hold.closure.reason" -> plain(R.string.quittance_hold_closure_reason)
    "hold.device.reason" -> plain(R.string.quittance_hold_device_reason)
    "hold.dispute.reason" -> plain(R.string.quittance_hold_dispute_reason)
    "hold.merchant.reason" -> plain(R.string.quittance_hold_merchant_reason)
    "hold.observation.reason" -> plain(R.string.quittance_hold_observation_reason)
    "hold.payer.reason" -> plain(R.string.quittance_hold_payer_reason)
    "hold.recheck.reason" -> plain(R.string.quittance_hold_recheck_reason)
    "hold.revocation.reason" -> plain(R.string.quittance_hold_revocation_reason)
    "hold.risk.reason" -> plain(R.string.quittance_hold_risk_reason)
    "hold.safety_lock.reason" -> plain(R.string.quittance_hold_safety_lock_reason)
    "hold.stop.reason" -> plain(R.string.quittance_hold_stop_reason)
    "hold.teen.reason" -> plain(R.string.quittance_hold_teen_reason)
    else -> null
}

private fun limitsTexts(key: String): TextResource? = when (key) {
    "limits.confirm.body" -> plain(R.string.quittance_limits_confirm_body)
    "limits.confirm.title" -> plain(R.string.quittance_limits_confirm_title)
    "limits.confirm.why" -> plain(R.string.quittance_limits_confirm_why)
    else -> null
}

private fun lockExtendTexts(key: String): TextResource? = when (key) {
    "lock_extend.payment_pin.body" -> plain(R.string.quittance_lock_extend_payment_pin_body)
    "lock_extend.payment_pin.title" -> plain(R.string.quittance_lock_extend_payment_pin_title)
    "lock_extend.payment_pin.why" -> plain(R.string.quittance_lock_extend_payment_pin_why)
    else -> null
}

private fun lockReleaseTexts(key: String): TextResource? = when (key) {
    "lock_release.lock_password.body" -> plain(R.string.quittance_lock_release_lock_password_body)
    "lock_release.lock_password.title" -> plain(R.string.quittance_lock_release_lock_password_title)
    "lock_release.lock_password.why" -> plain(R.string.quittance_lock_release_lock_password_why)
    else -> null
}

private fun miniProgramTexts(key: String): TextResource? = when (key) {
    "mini_program.request.body" -> plain(R.string.quittance_mini_program_request_body)
    "mini_program.request.title" -> plain(R.string.quittance_mini_program_request_title)
    "mini_program.request.why" -> plain(R.string.quittance_mini_program_request_why)
    else -> null
}

private fun nextTexts(key: String): TextResource? = when (key) {
    "next.allowed" -> plain(R.string.quittance_next_allowed)
    "next.bank" -> plain(R.string.quittance_next_bank)
    "next.by" -> plain(R.string.quittance_next_by, moment("moment"))
    "next.changed" -> plain(R.string.quittance_next_changed)
    "next.choose_pin" -> plain(R.string.quittance_next_choose_pin)
    "next.closing" -> plain(R.string.quittance_next_closing)
    "next.contacts" -> plain(R.string.quittance_next_contacts)
    "next.ends_after" -> plain(R.string.quittance_next_ends_after, wait("wait"), moment("earliest"))
    "next.ends_at" -> plain(R.string.quittance_next_ends_at, moment("moment"))
    "next.ends_at_once" -> plain(R.string.quittance_next_ends_at_once)
    "next.guardian" -> plain(R.string.quittance_next_guardian)
    "next.held" -> plain(R.string.quittance_next_held)
    "next.left_alone" -> plain(R.string.quittance_next_left_alone, moment("moment"))
    "next.lifted" -> plain(R.string.quittance_next_lifted)
    "next.merchant" -> plain(R.string.quittance_next_merchant)
    "next.moment" -> plain(R.string.quittance_next_moment)
    "next.nothing" -> plain(R.string.quittance_next_nothing)
    "next.obstruction" -> plain(R.string.quittance_next_obstruction)
    "next.opens" -> plain(R.string.quittance_next_opens, moment("moment"))
    "next.opens_in" -> plain(R.string.quittance_next_opens_in, wait("wait"))
    "next.pin_reset" -> plain(R.string.quittance_next_pin_reset)
    "next.receipt" -> plain(R.string.quittance_next_receipt)
    "next.renewal_off" -> plain(R.string.quittance_next_renewal_off)
    "next.review" -> plain(R.string.quittance_next_review)
    "next.source" -> plain(R.string.quittance_next_source)
    "next.undo_until" -> plain(R.string.quittance_next_undo_until, moment("moment"))
    "next.undone" -> plain(R.string.quittance_next_undone)
    "next.within" -> plain(R.string.quittance_next_within, wait("wait"))
    "next.you" -> plain(R.string.quittance_next_you, keys("step"))
    else -> null
}

private fun questionTexts(key: String): TextResource? = when (key) {
    "question.case" -> plain(R.string.quittance_question_case)
    "question.other" -> plain(R.string.quittance_question_other, count("number"))
    else -> null
}

private fun quizTexts(key: String): TextResource? = when (key) {
    "quiz.amounts.body" -> plain(R.string.quittance_quiz_amounts_body)
    "quiz.amounts.title" -> plain(R.string.quittance_quiz_amounts_title)
    "quiz.amounts.why" -> plain(R.string.quittance_quiz_amounts_why)
    "quiz.amounts_again.body" -> plain(R.string.quittance_quiz_amounts_again_body)
    "quiz.amounts_again.title" -> plain(R.string.quittance_quiz_amounts_again_title)
    "quiz.amounts_again.why" -> plain(R.string.quittance_quiz_amounts_again_why)
    "quiz.dates.body" -> plain(R.string.quittance_quiz_dates_body)
    "quiz.dates.title" -> plain(R.string.quittance_quiz_dates_title)
    "quiz.dates.why" -> plain(R.string.quittance_quiz_dates_why)
    "quiz.merchants.body" -> plain(R.string.quittance_quiz_merchants_body)
    "quiz.merchants.title" -> plain(R.string.quittance_quiz_merchants_title)
    "quiz.merchants.why" -> plain(R.string.quittance_quiz_merchants_why)
    else -> null
}

private fun receiptTexts(key: String): TextResource? = when (key) {
    "receipt.flaw.annex_of_another" -> plain(R.string.quittance_receipt_flaw_annex_of_another)
    "receipt.flaw.not_a_closure" -> plain(R.string.quittance_receipt_flaw_not_a_closure)
    "receipt.flaw.not_a_receipt" -> plain(R.string.quittance_receipt_flaw_not_a_receipt)
    "receipt.flaw.not_an_annex" -> plain(R.string.quittance_receipt_flaw_not_an_annex)
    "receipt.flaw.not_in_log" -> plain(R.string.quittance_receipt_flaw_not_in_log)
    "receipt.flaw.not_signed" -> plain(R.string.quittance_receipt_flaw_not_signed)
    "receipt.flaw.other_order" -> plain(R.string.quittance_receipt_flaw_other_order)
    "receipt.flaw.statement_not_signed" -> plain(R.string.quittance_receipt_flaw_statement_not_signed)
    "receipt.flaw.statements_differ" -> plain(R.string.quittance_receipt_flaw_statements_differ)
    else -> null
}

private fun recoveryTexts(key: String): TextResource? = when (key) {
    "recovery.about.contacts" -> plain(R.string.quittance_recovery_about_contacts)
    "recovery.about.other" -> plain(R.string.quittance_recovery_about_other)
    "recovery.about.quiz" -> plain(R.string.quittance_recovery_about_quiz)
    "recovery.contacts_asked" -> plain(R.string.quittance_recovery_contacts_asked)
    "recovery.need.another_day" -> plural(R.plurals.quittance_recovery_need_another_day, counted = "most", count("most"))
    "recovery.need.asked_when_it_begins" -> plain(R.string.quittance_recovery_need_asked_when_it_begins)
    "recovery.need.contacts_wait" -> plain(R.string.quittance_recovery_need_contacts_wait, moment("moment"))
    "recovery.opened" -> plain(R.string.quittance_recovery_opened)
    else -> null
}

private fun refusedTexts(key: String): TextResource? = when (key) {
    "refused.budget_exhausted" -> plain(R.string.quittance_refused_budget_exhausted)
    "refused.external_refused" -> plain(R.string.quittance_refused_external_refused)
    "refused.factor_locked" -> plain(R.string.quittance_refused_factor_locked)
    "refused.flow_expired" -> plain(R.string.quittance_refused_flow_expired)
    "refused.foreign_state" -> plain(R.string.quittance_refused_foreign_state)
    "refused.four_eyes" -> plain(R.string.quittance_refused_four_eyes)
    "refused.left" -> plain(R.string.quittance_refused_left)
    "refused.not_eligible" -> plain(R.string.quittance_refused_not_eligible)
    "refused.not_found" -> plain(R.string.quittance_refused_not_found)
    "refused.objected" -> plain(R.string.quittance_refused_objected)
    "refused.other" -> plain(R.string.quittance_refused_other)
    "refused.policy_too_old" -> plain(R.string.quittance_refused_policy_too_old)
    "refused.proof_rejected" -> plain(R.string.quittance_refused_proof_rejected)
    "refused.review_refused" -> plain(R.string.quittance_refused_review_refused)
    "refused.risk_denied" -> plain(R.string.quittance_refused_risk_denied)
    "refused.teen_limit" -> plain(R.string.quittance_refused_teen_limit)
    "refused.too_late" -> plain(R.string.quittance_refused_too_late)
    else -> null
}

private fun resumeTexts(key: String): TextResource? = when (key) {
    "resume.identify.body" -> plural(R.plurals.quittance_resume_identify_body, counted = "count", count("count"))
    "resume.identify.prompt.reason" -> plain(R.string.quittance_resume_identify_prompt_reason)
    "resume.identify.prompt.title" -> plain(R.string.quittance_resume_identify_prompt_title)
    "resume.identify.title" -> plain(R.string.quittance_resume_identify_title)
    "resume.identify.why" -> plain(R.string.quittance_resume_identify_why)
    else -> null
}

private fun routeTexts(key: String): TextResource? = when (key) {
    "route.closed.ended" -> plain(R.string.quittance_route_closed_ended)
    "route.closed.merchant_releases" -> plain(R.string.quittance_route_closed_merchant_releases)
    "route.closed.no_release_needed" -> plain(R.string.quittance_route_closed_no_release_needed)
    "route.closed.scheduled" -> plain(R.string.quittance_route_closed_scheduled)
    "route.closed.system_default" -> plain(R.string.quittance_route_closed_system_default)
    else -> null
}

private fun serviceTexts(key: String): TextResource? = when (key) {
    "service.select.body" -> plural(R.plurals.quittance_service_select_body, counted = "count", count("count"))
    "service.select.title" -> plain(R.string.quittance_service_select_title)
    "service.select.why" -> plain(R.string.quittance_service_select_why)
    else -> null
}

private fun signTexts(key: String): TextResource? = when (key) {
    "sign.consent.body" -> plain(R.string.quittance_sign_consent_body)
    "sign.consent.title" -> plain(R.string.quittance_sign_consent_title)
    "sign.consent.why" -> plain(R.string.quittance_sign_consent_why)
    "sign.identify.body" -> plain(R.string.quittance_sign_identify_body)
    "sign.identify.prompt.reason" -> plain(R.string.quittance_sign_identify_prompt_reason)
    "sign.identify.prompt.title" -> plain(R.string.quittance_sign_identify_prompt_title)
    "sign.identify.title" -> plain(R.string.quittance_sign_identify_title)
    "sign.identify.why" -> plain(R.string.quittance_sign_identify_why)
    "sign.payment_pin.body" -> plain(R.string.quittance_sign_payment_pin_body)
    "sign.payment_pin.title" -> plain(R.string.quittance_sign_payment_pin_title)
    "sign.payment_pin.why" -> plain(R.string.quittance_sign_payment_pin_why)
    else -> null
}

private fun stopLiftTexts(key: String): TextResource? = when (key) {
    "stop_lift.confirm.body" -> plain(R.string.quittance_stop_lift_confirm_body)
    "stop_lift.confirm.title" -> plain(R.string.quittance_stop_lift_confirm_title)
    "stop_lift.confirm.why" -> plain(R.string.quittance_stop_lift_confirm_why)
    else -> null
}

private fun teenExitTexts(key: String): TextResource? = when (key) {
    "teen_exit.confirm.body" -> plain(R.string.quittance_teen_exit_confirm_body)
    "teen_exit.confirm.title" -> plain(R.string.quittance_teen_exit_confirm_title)
    "teen_exit.confirm.why" -> plain(R.string.quittance_teen_exit_confirm_why)
    else -> null
}

private fun thenTexts(key: String): TextResource? = when (key) {
    "then.expire" -> plain(R.string.quittance_then_expire)
    "then.go_on" -> plain(R.string.quittance_then_go_on)
    "then.otherwise" -> plain(R.string.quittance_then_otherwise)
    "then.refuse" -> plain(R.string.quittance_then_refuse)
    "then.stay" -> plain(R.string.quittance_then_stay)
    else -> null
}

private fun undoTexts(key: String): TextResource? = when (key) {
    "undo.confirm.body" -> plain(R.string.quittance_undo_confirm_body)
    "undo.confirm.title" -> plain(R.string.quittance_undo_confirm_title)
    "undo.confirm.why" -> plain(R.string.quittance_undo_confirm_why)
    else -> null
}

private fun waitTexts(key: String): TextResource? = when (key) {
    "wait.bank.body" -> plain(R.string.quittance_wait_bank_body)
    "wait.bank.title" -> plain(R.string.quittance_wait_bank_title)
    "wait.bank.why" -> plain(R.string.quittance_wait_bank_why)
    "wait.contacts.body" -> plain(R.string.quittance_wait_contacts_body)
    "wait.contacts.title" -> plain(R.string.quittance_wait_contacts_title)
    "wait.contacts.why" -> plain(R.string.quittance_wait_contacts_why)
    "wait.guardian.body" -> plain(R.string.quittance_wait_guardian_body)
    "wait.guardian.title" -> plain(R.string.quittance_wait_guardian_title)
    "wait.guardian.why" -> plain(R.string.quittance_wait_guardian_why)
    "wait.judgement.body" -> plain(R.string.quittance_wait_judgement_body)
    "wait.judgement.title" -> plain(R.string.quittance_wait_judgement_title)
    "wait.judgement.why" -> plain(R.string.quittance_wait_judgement_why)
    "wait.merchant.body" -> plain(R.string.quittance_wait_merchant_body)
    "wait.merchant.title" -> plain(R.string.quittance_wait_merchant_title)
    "wait.merchant.why" -> plain(R.string.quittance_wait_merchant_why)
    "wait.moment.body" -> plain(R.string.quittance_wait_moment_body)
    "wait.moment.title" -> plain(R.string.quittance_wait_moment_title)
    "wait.moment.why" -> plain(R.string.quittance_wait_moment_why)
    "wait.network.body" -> plain(R.string.quittance_wait_network_body)
    "wait.network.title" -> plain(R.string.quittance_wait_network_title)
    "wait.network.why" -> plain(R.string.quittance_wait_network_why)
    "wait.review.body" -> plain(R.string.quittance_wait_review_body)
    "wait.review.title" -> plain(R.string.quittance_wait_review_title)
    "wait.review.why" -> plain(R.string.quittance_wait_review_why)
    "wait.service.body" -> plain(R.string.quittance_wait_service_body)
    "wait.service.title" -> plain(R.string.quittance_wait_service_title)
    "wait.service.why" -> plain(R.string.quittance_wait_service_why)
    "wait.source.body" -> plain(R.string.quittance_wait_source_body)
    "wait.source.title" -> plain(R.string.quittance_wait_source_title)
    "wait.source.why" -> plain(R.string.quittance_wait_source_why)
    else -> null
}
