package org.quittance.demo

import java.time.Instant
import org.quittance.AccountDevice
import org.quittance.AffectedMandate
import org.quittance.Agreement
import org.quittance.AwaitedParty
import org.quittance.BiometricException
import org.quittance.CancellationRoute
import org.quittance.Channel
import org.quittance.ChargeOutcome
import org.quittance.CheckedReceipt
import org.quittance.CheckupFinding
import org.quittance.CheckupGroup
import org.quittance.CheckupPart
import org.quittance.CheckupRemedy
import org.quittance.ClosureKind
import org.quittance.DocumentKind
import org.quittance.EndingStage
import org.quittance.Enrolment
import org.quittance.ErrorKind
import org.quittance.EvidenceLevel
import org.quittance.EvidenceReason
import org.quittance.ExportedReceipt
import org.quittance.Exposure
import org.quittance.FactorKind
import org.quittance.FindingKind
import org.quittance.HalfState
import org.quittance.HoldDetail
import org.quittance.HoldOwner
import org.quittance.ItemOutcome
import org.quittance.KeyAlias
import org.quittance.KeyStoreKind
import org.quittance.Limits
import org.quittance.Mandate
import org.quittance.MandateKind
import org.quittance.MandateState
import org.quittance.Money
import org.quittance.NamedPerson
import org.quittance.NeedKind
import org.quittance.NextCharge
import org.quittance.NumberKind
import org.quittance.Offer
import org.quittance.PastCharge
import org.quittance.Permission
import org.quittance.PermissionDetail
import org.quittance.PermissionGroup
import org.quittance.Permissions
import org.quittance.Prompt
import org.quittance.PromptKind
import org.quittance.PromptText
import org.quittance.QuizQuestion
import org.quittance.QuizTopic
import org.quittance.ReceiptFlaw
import org.quittance.ReceiptSummary
import org.quittance.ReceiptVerdict
import org.quittance.RecordingKind
import org.quittance.RecoveryNeed
import org.quittance.RecoveryReadiness
import org.quittance.SafetyLock
import org.quittance.SecurityCentre
import org.quittance.StopScope
import org.quittance.Stopping
import org.quittance.Taken
import org.quittance.TerminationCause
import org.quittance.Terms
import org.quittance.TextArgument
import org.quittance.WalletEvent
import org.quittance.WalletException
import org.quittance.WayBack
import org.quittance.WeakEvidence
import org.quittance.demo.model.EnrolStep
import org.quittance.demo.model.Entry
import org.quittance.demo.model.News
import org.quittance.demo.model.Parting
import org.quittance.demo.model.Problem
import org.quittance.demo.model.Shown
import org.quittance.demo.model.Slip
import org.quittance.demo.model.UiState
import org.quittance.demo.model.noBiometrics
import org.quittance.demo.model.noScreenLock
import org.quittance.demo.model.problem
import org.quittance.demo.model.saying
import org.quittance.demo.words.Say

/** One state of the app for each screen, made up: the names belong to nobody. */
object Samples {
    val NOW: Instant = Instant.parse("2026-11-24T09:30:00Z")

    private fun text(key: String, vararg arguments: Pair<String, TextArgument>) = PromptText(key, mapOf(*arguments))

    private fun cny(minor: Long) = Money(minor, "CNY")

    private fun hours(number: Long): Instant = NOW.plusSeconds(number * 3600)

    private fun limits(perCharge: Long, perPeriod: Long) =
        Limits(cny(perCharge), cny(perPeriod), 30u, null, null, null, false)

    private fun terms(merchant: String, service: String, perCharge: Long, perPeriod: Long, kind: MandateKind) =
        Terms(merchant, service, kind, limits(perCharge, perPeriod), null, null, Channel.APP, null, null)

    private val rides = terms("Bluebird Rides", "City rides", 50_00, 500_00, MandateKind.PAY_AS_YOU_GO)
    private val films = terms("Lantern Films", "Monthly membership", 25_00, 25_00, MandateKind.SUBSCRIPTION)
    private val parking = terms("Kerbside", "Parking in town", 30_00, 300_00, MandateKind.PAY_AS_YOU_GO)
    private val news = terms("Morning Paper", "Daily edition", 12_00, 12_00, MandateKind.SUBSCRIPTION)

    private fun row(id: String, terms: Terms, group: PermissionGroup, state: MandateState, hold: HoldOwner? = null) =
        Permission(
            mandate = id,
            merchant = "m-$id",
            terms = terms,
            group = group,
            state = state,
            holds =
            listOfNotNull(
                hold?.let { HoldDetail(it, text("hold.${it.name.lowercase()}.reason"), hours(-30), null) },
            ),
            switchOn = group == PermissionGroup.ON,
            systemDefault = false,
            nextCharge = if (group == PermissionGroup.ON) NextCharge(hours(50), terms.limits.perCharge) else null,
            taken = Taken(terms.limits.perCharge, cny(terms.limits.perCharge.minor * 3), 3u, hours(-22)),
            exposure = Exposure(3u, terms.limits.perCharge, hours(18 * 24)),
            ending = null,
            undoUntil = null,
            asOf = NOW,
            stale = false,
        )

    private val rows =
        listOf(
            row("a", rides, PermissionGroup.ON, MandateState.ACTIVE),
            row("b", films, PermissionGroup.ON, MandateState.ACTIVE),
            row("c", parking, PermissionGroup.PAUSED, MandateState.SUSPENDED, HoldOwner.PAYER),
            row("d", news, PermissionGroup.ENDED, MandateState.ENDED),
        )

    private val permissions = Permissions(rows, 2u, 1u, 0u, 1u, null, emptyList())

    private val merchants = rows.associate { it.merchant to it.terms.merchantName }

    private val nothing = Permissions(emptyList(), 0u, 0u, 0u, 0u, null, emptyList())

    private val routes =
        listOf(
            route("mandate.cancel.quick", "flow.cancel.name", 3u, null, FactorKind.BIOMETRIC, FactorKind.PAYMENT_PIN),
            route(
                "mandate.cancel.service", "flow.service.name", 5u, "PT24H",
                FactorKind.SMS_OTP, FactorKind.ID_DOCUMENT, FactorKind.LIVENESS, FactorKind.PAYMENT_PIN,
            ),
            route("mandate.cancel.assisted", "flow.assisted.name", 3u, "P3BD", FactorKind.PAYMENT_PIN),
            route("mandate.cancel.mini_program", "flow.mini_program.name", 2u, null)
                .copy(closed = text("route.closed.no_release_needed")),
        )

    private fun route(definition: String, name: String, steps: UInt, effective: String?, vararg factors: FactorKind) =
        CancellationRoute(definition, text(name), null, steps, effective, hours(if (effective == "P3BD") 72 else 24), factors.toList())

    private val detail =
        PermissionDetail(
            permission = rows[0],
            agreed = Agreement("f", "9rT2vQmYwLx0Jp4c8ZsBkQ1hNn3uEoVd", "en", hours(-24 * 40), "q3Zk9vTt0LmPwXy7", true, hours(-24 * 40)),
            history =
            listOf(
                PastCharge("1", hours(-22), cny(32_50), ChargeOutcome.Approved(cny(32_50)), null),
                PastCharge("2", hours(-70), cny(64_00), ChargeOutcome.Declined("limit_exceeded"), null),
                PastCharge("3", hours(-200), cny(18_00), ChargeOutcome.Approved(cny(18_00)), cny(18_00)),
            ),
            historyAsOf = NOW,
            order = null,
        )

    private val mandate =
        Mandate(
            "a", "m-a", rides, MandateState.ACTIVE, emptyList(), HalfState.ACTIVE, HalfState.ACTIVE, true, 3u, hours(18 * 24),
            hours(-24 * 40), null,
        )

    private val receipt =
        ReceiptSummary(
            "7dcQ2mVbq9LtWxA1", listOf("d"), ClosureKind.TWO_SIDED, TerminationCause.PAYER, EvidenceLevel.E2, hours(-3),
        )

    private val exported = ExportedReceipt("", "", "", ByteArray(0), emptyList(), "")

    private val slip = Slip(receipt, listOf(news.merchantName))

    private fun reason(key: KeyAlias, reason: EvidenceReason) =
        WeakEvidence(key, reason, EvidenceLevel.E1, text("evidence.${reason.name.lowercase()}"))

    private val device =
        AccountDevice(
            "q3Zk9vTt0LmPwXy7", true, KeyStoreKind.HARDWARE, EvidenceLevel.E1,
            listOf(reason(KeyAlias.DEVICE, EvidenceReason.EXPIRED), reason(KeyAlias.PASSCODE, EvidenceReason.AUTH_NOT_PER_USE)),
            emptyList(), hours(-24 * 40), hours(-1),
        )

    private fun finding(kind: FindingKind, name: String, remedy: CheckupRemedy?, vararg arguments: Pair<String, TextArgument>) =
        CheckupFinding(kind, text("checkup.finding.$name", *arguments), remedy)

    private val unasked =
        finding(
            FindingKind.SwitchedOnUnasked(2u), "switched_on_unasked", CheckupRemedy.SEE_PERMISSIONS,
            "count" to TextArgument.Count(2uL),
        )
    private val clockFarOff =
        finding(
            FindingKind.ClockFarOff(24u), "clock_far_off", CheckupRemedy.OPEN_PHONE_SETTINGS,
            "by" to TextArgument.Wait("PT24H"),
        )
    private val noPassword = finding(FindingKind.NoLockPassword, "no_lock_password", CheckupRemedy.SET_LOCK_PASSWORD)

    /** The part of a check-up that says that another phone speaks with the same keys. */
    val quarantine =
        CheckupPart(
            CheckupGroup.ACCOUNT_THEFT, text("checkup.account_theft"),
            listOf(finding(FindingKind.Quarantined, "quarantined", CheckupRemedy.SET_UP_AGAIN)),
        )

    private fun centre(stopping: Stopping, vararg findings: Pair<CheckupGroup, CheckupFinding>) =
        SecurityCentre(
            "account", stopping, listOf(device),
            CheckupGroup.entries.map { group ->
                val of = findings.filter { it.first == group }.map { it.second }
                CheckupPart(group, text("checkup.${group.name.lowercase()}"), of)
            },
        )

    private fun news(number: UInt, event: WalletEvent) = News(number.toULong(), event, saying(event, permissions))

    private val happened =
        listOf(
            news(3u, WalletEvent.ChargedAfterEnd("d", "7dcQ2mVbq9LtWxA1", cny(12_00))),
            news(2u, WalletEvent.NotStopped(listOf("c"), "external_refused")),
            news(4u, WalletEvent.Closed("7dcQ2mVbq9LtWxA1", listOf("d"), ClosureKind.TWO_SIDED)),
            news(1u, WalletEvent.Charged("a", cny(32_50))),
        )

    private fun way(name: String, definition: String, vararg needs: RecoveryNeed) =
        WayBack(definition, text("flow.$name.name"), text("recovery.about.$name"), needs.isEmpty(), needs.isEmpty(), needs.toList())

    private val contactsWait =
        RecoveryNeed(
            NeedKind.Contacts(0u, 3u, hours(60)),
            text("recovery.need.contacts_wait", "moment" to TextArgument.Moment(hours(60))),
        )

    private val recovery =
        RecoveryReadiness(
            listOf(way("quiz", "recovery.transaction_quiz"), way("contacts", "recovery.trusted_contacts", contactsWait)),
            NOW, false,
        )

    private val checked =
        ReceiptVerdict.Valid(CheckedReceipt("pay.example/log", 4192uL, 4410uL, hours(-3), null, 2u, NOW))

    private val changed =
        ReceiptVerdict.Refused(ReceiptFlaw.NOT_IN_LOG, text("receipt.flaw.not_in_log"))

    private val affected = listOf(AffectedMandate("a", "Bluebird Rides", "City rides"))

    private fun prompt(kind: PromptKind, of: String, step: UInt = 2u, primary: String? = null) =
        Prompt(
            flow = "f",
            definition = "mandate.cancel.service",
            step = "s",
            kind = kind,
            title = text("$of.title"),
            body = text(
                "$of.body", "count" to TextArgument.Count(1uL), "at_least" to TextArgument.Count(2uL),
                "gestures" to TextArgument.Keys(listOf("gesture.nod", "gesture.turn_left", "gesture.blink")),
            ),
            why = text(if (of.startsWith("end.")) "end.why" else "$of.why"),
            because = emptyList(),
            next = emptyList(),
            rules = listOf("R-014"),
            stepNumber = step,
            stepCount = 5u,
            attemptsLeft = null,
            deadline = null,
            primary = primary?.let { text(it) },
            quiet = quiet(kind)?.let { text(it) },
            offline = false,
        )

    /** The way out that the core gives each kind. */
    private fun quiet(kind: PromptKind): String? =
        when (kind) {
            is PromptKind.Waiting, is PromptKind.InReview -> "action.leave"
            is PromptKind.Scheduled, is PromptKind.Done, is PromptKind.Refused -> null
            else -> "action.keep"
        }

    private fun flow(prompt: Prompt, entry: Entry = Entry()) = UiState(shown = Shown.Flow(prompt, entry))

    private fun flow(prompt: Prompt, outcomes: List<Pair<String, ItemOutcome>>) = UiState(shown = Shown.Flow(prompt, Entry(), outcomes))

    private val outcomes =
        listOf(
            rides.merchantName to ItemOutcome.Ending(EndingStage.Closed(ClosureKind.TWO_SIDED)),
            films.merchantName to ItemOutcome.Refused(null),
            parking.merchantName to ItemOutcome.WaitsForBank("f"),
        )

    private val offer = Offer("o", "m", rides, hours(24))

    private val consequences =
        listOf("stops", "destroyed", "final", "refunds").map { text("cancel.confirm.consequence.$it") }

    private val gestures = listOf("nod", "turn_left", "blink").map { text("gesture.$it") }

    private val cardFields = listOf("number", "phone").map { text("field.card.$it") }

    private val people =
        listOf(NamedPerson("p1", "Aunt Mei"), NamedPerson("p2", "Uncle Bo"), NamedPerson("p3", "Neighbour Lin"))

    private val quiz =
        listOf(
            QuizQuestion("Bluebird Rides · 12 November", listOf("CNY 18.00", "CNY 32.50", "CNY 41.00")),
            QuizQuestion("Kerbside · 3 November", listOf("CNY 6.00", "CNY 9.00", "CNY 14.00")),
        )

    /** Every kind of prompt, by the name of its picture. */
    val prompts: Map<String, UiState> =
        linkedMapOf(
            "consent" to flow(prompt(PromptKind.Consent(offer), "sign.consent", 1u, "action.agree")),
            "confirm" to
                flow(prompt(PromptKind.Confirm(affected, consequences), "cancel.confirm", 2u, "action.stop")),
            "choose" to
                flow(prompt(PromptKind.Choose(affected, consequences.take(2)), "service.select", 1u, "action.continue")),
            "facts" to
                flow(
                    prompt(PromptKind.Facts(listOf(text("question.case"))), "assisted.open_case", 1u, "action.send"),
                    Entry(entries = listOf("")),
                ),
            "people" to
                flow(prompt(PromptKind.People(people, 2u), "contacts.request", 1u, "action.send"), Entry(chosen = setOf("p1"))),
            "jump" to flow(prompt(PromptKind.Jump("bank://"), "ask.jump", 3u, "action.open_app")),
            "code" to
                flow(
                    prompt(PromptKind.Code(NumberKind.OWN, 6u, hours(0).plusSeconds(300), hours(0).plusSeconds(60)), "ask.code")
                        .copy(body = text("ask.code.own.body")),
                    Entry(typedDigits = 3, shownDigits = "482"),
                ),
            "biometric" to flow(prompt(PromptKind.Biometric, "cancel.identify", 1u, "action.use_biometric")),
            "device_passcode" to flow(prompt(PromptKind.DevicePasscode, "ask.device_passcode", 1u, "action.use_passcode")),
            "payment_pin" to
                flow(prompt(PromptKind.PaymentPin(6u), "cancel.payment_pin", 3u).copy(attemptsLeft = 4u), Entry(typedDigits = 2))
                    .copy(problem = Problem(null, Say("app.pin.wrong", "attempts" to org.quittance.demo.words.count(4)))),
            "lock_password" to flow(prompt(PromptKind.LockPassword(6u), "lock_release.lock_password", 1u)),
            "photos" to
                flow(prompt(PromptKind.Photos(DocumentKind.ID_DOCUMENT, 2u, 4_000_000uL), "ask.id_document", 3u, "action.send")),
            "recording" to
                flow(
                    prompt(
                        PromptKind.Recording(RecordingKind.Gestures(gestures), 4_000_000uL),
                        "ask.gesture_video", 4u, "action.send",
                    ),
                ),
            "quiz" to
                flow(
                    prompt(PromptKind.Quiz(QuizTopic.AMOUNTS_AGAIN, quiz), "quiz.amounts_again", 2u, "action.send"),
                    Entry(entries = listOf("CNY 32.50", "")),
                ),
            "fields" to
                flow(
                    prompt(PromptKind.Fields(cardFields), "ask.bank_card_elements", 2u, "action.send"),
                    Entry(entries = listOf("", "")),
                ),
            "waiting" to
                flow(prompt(PromptKind.Waiting(AwaitedParty.MERCHANT, hours(-5), hours(67), text("then.go_on")), "wait.merchant", 3u)),
            "in_review" to flow(prompt(PromptKind.InReview(hours(-1), hours(47), text("then.refuse")), "wait.review", 4u)),
            "scheduled" to flow(prompt(PromptKind.Scheduled("o", hours(24)), "end.scheduled", 5u)),
            "done" to flow(prompt(PromptKind.Done(false), "end.stopped", 5u)),
            "refused" to
                flow(prompt(PromptKind.Refused("external_refused", text("refused.external_refused")), "end.refused", 5u)),
        )

    private val lock = SafetyLock(hours(0), hours(24), listOf(hours(48), hours(96), hours(168)), "payer", false)

    /** Every view. */
    val views: Map<String, UiState> =
        linkedMapOf(
            "welcome" to UiState(shown = Shown.Enrol(EnrolStep.WELCOME, 0, false)),
            "choose_pin" to UiState(shown = Shown.Enrol(EnrolStep.PIN, 3, false)),
            "permissions" to UiState(shown = Shown.Home(permissions, emptyList(), emptyList(), null)),
            "permissions_empty" to
                UiState(shown = Shown.Home(nothing, emptyList(), emptyList(), null)),
            "permissions_news" to UiState(shown = Shown.Home(permissions, happened, emptyList(), null)),
            "stop_several" to UiState(shown = Shown.Home(permissions, emptyList(), emptyList(), setOf("a"))),
            "one_permission" to UiState(shown = Shown.OnePermission(detail, mandate, routes)),
            "security" to
                UiState(
                    shown =
                    Shown.Security(
                        centre(
                            Stopping(null, listOf(StopScope.Category("games"), StopScope.Merchant("m-d")), false),
                            CheckupGroup.PAYMENT to unasked, CheckupGroup.ACCOUNT_THEFT to noPassword,
                        ),
                        merchants, false, null,
                    ),
                ),
            "locked_offline" to
                UiState(
                    offline = true,
                    shown =
                    Shown.Security(
                        centre(Stopping(lock, emptyList(), true)),
                        merchants, false, null,
                    ),
                ),
            "pause_everything" to
                UiState(shown = Shown.Security(centre(Stopping(null, emptyList(), false)), merchants, true, null)),
            "recovery" to UiState(shown = Shown.Recovery(recovery)),
            "receipts" to UiState(shown = Shown.Receipts(listOf(slip))),
            "receipt" to
                UiState(shown = Shown.Receipt(slip, exported)),
            "receipt_checked" to UiState(shown = Shown.Receipt(slip, exported, checked)),
            "receipt_changed" to UiState(shown = Shown.Receipt(slip, exported, changed)),
            "offer" to UiState(shown = Shown.ReadOffer("")),
            "change_limits" to UiState(shown = Shown.ChangeLimits("a", rides.limits, perCharge = "20")),
            "new_pin" to UiState(shown = Shown.Enrol(EnrolStep.PIN, 2, false, anew = true)),
            "several_came_out" to flow(prompt(PromptKind.Done(false), "end.stopped", 5u), outcomes),
            "contacts_wait" to
                flow(prompt(PromptKind.Waiting(AwaitedParty.CONTACTS, hours(0), hours(1), text("then.refuse")), "wait.contacts", 2u)),
            "recovered" to
                flow(prompt(PromptKind.Done(false), "end.pin_reset", 3u).copy(definition = "recovery.transaction_quiz")),
            "vouch" to UiState(shown = Shown.Vouch("recovery.trusted_contacts", own = false)),
        )

    private val biometrics = WalletException.Biometric(BiometricException.KeyInvalidated())

    /** What goes wrong: with a wallet as a notice on the page, without one as a page of its own. */
    val problems: Map<String, UiState> =
        buildMap {
            val failures =
                linkedMapOf(
                    "offline" to WalletException.Offline(),
                    "foreign_link" to WalletException.ForeignLink(),
                    "log" to WalletException.Distrusted("log_proof"),
                    "biometrics_changed" to biometrics,
                    "biometrics_none" to WalletException.Biometric(BiometricException.NotEnrolled()),
                    "full" to WalletException.Storage("", ErrorKind.PhoneSettings),
                    "too_old" to WalletException.TooOld("policy"),
                    "wait" to WalletException.Refused("external_unavailable", ErrorKind.Wait(30u)),
                    "ended" to WalletException.FlowEnded("flow_expired"),
                    "support" to WalletException.Internal("wallet"),
                )
            val home = Shown.Home(nothing, emptyList(), emptyList(), null)
            for ((name, failure) in failures) put(name, UiState(shown = home, problem = problem(failure)))
            val centre = centre(Stopping(null, emptyList(), true), CheckupGroup.LOGIN_ENVIRONMENT to clockFarOff)
            put("clock", UiState(shown = Shown.Security(centre, merchants, false, null)))
            put("no_biometrics", UiState(shown = Shown.Enrol(EnrolStep.WELCOME, 0, false), problem = noBiometrics))
            put("no_screen_lock", UiState(shown = Shown.Stuck(noScreenLock)))
            put("lost", UiState(shown = Shown.Stuck(problem(WalletException.Storage("", ErrorKind.Reenrol)))))
            put("parting", UiState(shown = Shown.Stuck(problem(biometrics), Parting(told = true, listOf("", "")))))
            put("parting_offline", UiState(offline = true, shown = Shown.Stuck(problem(biometrics), Parting(told = false, listOf("")))))
            put("busy", UiState(shown = Shown.Stuck(problem(WalletException.Storage("", ErrorKind.Retry)))))
        }

    val all: Map<String, UiState> = prompts.mapKeys { "prompt_${it.key}" } + views.mapKeys { "view_${it.key}" } +
        problems.mapKeys { "problem_${it.key}" }
}
