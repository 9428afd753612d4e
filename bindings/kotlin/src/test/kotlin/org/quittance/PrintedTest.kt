package org.quittance

import java.time.Instant
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.quittance.testing.Stage.Companion.cny

/** Printed, nothing shows what the payer typed, whom they know, what they pay for. */
class PrintedTest {
    private val typed = SECRET.toByteArray()
    private val now = Instant.EPOCH
    private val limits = Limits(cny(1), cny(1), 30u, null, null, null, false)
    private val terms = Terms(SECRET, SECRET, MandateKind.SUBSCRIPTION, limits, null, SECRET, Channel.APP, null, SECRET)
    private val affected = listOf(AffectedMandate("man", SECRET, SECRET))
    private val question = QuizQuestion(SECRET, listOf(SECRET))

    @Test
    fun `an answer shows nothing`() {
        val answers = listOf(
            Answer.PaymentPin(typed), Answer.LockPassword(typed), Answer.Code(typed), Answer.Images(listOf(typed)),
            Answer.Entered(listOf(SECRET)),
        )
        answers.forEach(::showsNothing)
        assertEquals("PaymentPin(…)", answers.first().toString())
    }

    @Test
    fun `a prompt shows nothing`() {
        val kinds = listOf(
            PromptKind.Consent(Offer("off", "mer", terms, now)),
            PromptKind.Confirm(affected, emptyList()),
            PromptKind.Choose(affected, emptyList()),
            PromptKind.People(listOf(NamedPerson(SECRET, SECRET)), 1u),
            PromptKind.Jump("https://bank.example/?state=$SECRET"),
            PromptKind.Code(NumberKind.OWN, 6u, now, now),
            PromptKind.Quiz(QuizTopic.AMOUNTS, listOf(question)),
        )
        val text = PromptText("ask.confirm.title", emptyMap())
        for (kind in kinds) {
            showsNothing(kind)
            showsNothing(
                Prompt(
                    "flo", "mandate.cancel.quick", "confirm", kind, text, text, text, emptyList(), emptyList(), emptyList(),
                    1u, 3u, null, null, null, null, false,
                ),
            )
        }
    }

    @Test
    fun `a record shows nothing`() {
        val records = listOf(
            terms,
            Offer("off", "mer", terms, now),
            affected,
            question,
            NamedPerson(SECRET, SECRET),
            PastCharge(SECRET, now, cny(1), ChargeOutcome.Declined(SECRET), null),
            NamedStatement("intent", SECRET),
            ExportedReceipt(SECRET, SECRET, "vkey", typed, listOf(NamedStatement("intent", SECRET)), SECRET),
            Permissions(listOf(permission()), 1u, 0u, 0u, 0u, null, emptyList()),
            PermissionDetail(permission(), Agreement("flo", "hash", "en", now, "dev", true, now), emptyList(), null, null),
        )
        records.forEach(::showsNothing)
    }

    @Test
    fun `the measure sees what is printed`() {
        data class Unprotected(val name: String)
        assertTrue(shows(Unprotected(SECRET)))
        assertTrue(shows(listOf(mapOf("pin" to SECRET))))
    }

    private fun permission() = Permission(
        "man", "mer", terms, PermissionGroup.ON, MandateState.ACTIVE, emptyList(), true, false, null, null, null, null, null,
        null, false,
    )

    private fun showsNothing(value: Any) = assertFalse(shows(value), value.javaClass.name)

    private fun shows(value: Any): Boolean = value.toString().contains(SECRET)

    private companion object {
        const val SECRET = "482913"
    }
}
