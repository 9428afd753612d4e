package org.quittance.demo

import java.time.Duration
import java.time.Instant
import java.time.temporal.ChronoUnit
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Test
import org.quittance.Answer
import org.quittance.PermissionGroup
import org.quittance.PromptKind
import org.quittance.Wallet
import org.quittance.testing.Stage

/** A forgotten PIN: both ways to another one, which then works, while the old one does not. */
class RecoveryTest : StagedTest() {
    // R-096
    @Test
    fun `who knows what was paid lately chooses another PIN`() {
        payer.enrols()
        val past = Past(Instant.now())
        world.tell(World.account(phone.wallet), past.profile)
        val mandate = payer.allows()
        hand.taps("tab-recovery")
        hand.taps("recovery-recovery.transaction_quiz")
        hand.awaits("primary")
        while (!hand.sees("new-pin")) answers(past)
        choosesAnotherPin()
        stopsWithTheOtherPin(mandate)
    }

    // R-103
    @Test
    fun `whose trusted contacts say so chooses another PIN`() {
        payer.enrols()
        val contacts = List(3) { world.person() }
        world.tell(World.account(phone.wallet), named(contacts))
        val mandate = payer.allows()
        asksContacts(contacts)
        hand.tapsUntil("share-code") { phone.shared.isNotEmpty() }
        contacts.take(2).forEach { vouches(it, phone.shared.first()) }
        phone.stage.sandbox.advance("PT45M")
        hand.refreshesUntil("Choose a new payment PIN?")
        hand.taps("primary")
        choosesAnotherPin()
        stopsWithTheOtherPin(mandate)
    }

    @Test
    fun `who closes the screen while contacts have the turn leaves the run to them`() {
        payer.enrols()
        val contacts = List(3) { world.person() }
        world.tell(World.account(phone.wallet), named(contacts))
        asksContacts(contacts)
        val open = { runBlocking { phone.wallet.openFlows() } }
        val before = open()
        assertEquals("control: the run is open", 1, before.size)
        hand.leaves("quiet")
        assertEquals(before, open())
    }

    // R-103
    @Test
    fun `a contact vouches by the text of the code, typed or brought by another app`() {
        payer.enrols()
        val (anna, ben) = world.person() to world.person()
        val other = world.person()
        world.tell(World.account(other), named(listOf(anna, ben, phone.wallet)))
        val (flow, code) = runBlocking { asks(other) }
        hand.taps("offer")
        hand.types("offer-text", "no code at all")
        hand.taps("read")
        hand.awaitsText("This offer cannot be read. Nothing was changed.")
        hand.leaves("back")

        Links.bring(rule.activityRule.scenario, Links.text(code))
        hand.taps("read")
        hand.awaitsText("Do you vouch for this person?")
        hand.leaves("vouch")
        hand.awaitsText("Your answer was sent.")
        vouches(anna, code)
        phone.stage.sandbox.advance("PT45M")
        runBlocking { other.refreshFlow(flow) }
        assertEquals("enter", runBlocking { other.nextPrompt(flow)?.step })
    }

    /** Asks contacts, from the page of the ways to another PIN on. */
    private fun asksContacts(contacts: List<Wallet>) {
        hand.taps("tab-recovery")
        hand.taps("recovery-recovery.trusted_contacts")
        contacts.forEach { hand.taps("person-${World.account(it)}") }
        hand.taps("primary")
        hand.awaitsText("Waiting for your contacts")
    }

    /** What the gateway knows of somebody with trusted contacts. */
    private fun named(contacts: List<Wallet>): String {
        val longAgo = Instant.now().minus(Duration.ofDays(300)).truncatedTo(ChronoUnit.SECONDS)
        val people = contacts.map(World::account)
        val known = people.joinToString { """{"account":"$it","name":"$it","verified":true,"known_since":"$longAgo"}""" }
        return """{"acquaintances":[$known],"contacts":[{"set_at":"$longAgo","people":[${people.joinToString { "\"$it\"" }}]}]}"""
    }

    private suspend fun asks(wallet: Wallet): Pair<String, String> {
        val flow = wallet.begin("recovery.trusted_contacts", emptyList(), null)
        val people = checkNotNull(wallet.nextPrompt(flow)).kind as PromptKind.People
        wallet.submit(flow, Answer.Entered(people.people.map { it.account }))
        return flow to wallet.vouchCode(flow)
    }

    private fun vouches(contact: Wallet, code: String) = runBlocking {
        val asked = contact.readVouchCode(code)
        contact.vouch(asked.flow, asked.requester, asked.purpose, true)
    }

    /** Answers the questions that are open, as somebody does who knows. */
    private fun answers(past: Past) {
        val (step, quiz) = runBlocking {
            val prompt = checkNotNull(phone.wallet.nextPrompt(phone.wallet.openFlows().single()))
            prompt.step to prompt.kind as PromptKind.Quiz
        }
        hand.awaitsText(quiz.questions.first().about)
        past.answers(quiz).forEachIndexed { number, answer ->
            if (quiz.questions[number].choices.isEmpty()) hand.types("field-$number", answer) else hand.taps("choice-$answer")
        }
        hand.taps("primary")
        hand.awaits("the step after $step") { hand.sees("new-pin") || open().let { it != null && it != step } }
    }

    private fun open(): String? = runBlocking {
        phone.wallet.openFlows().firstOrNull()?.let { phone.wallet.nextPrompt(it)?.step }
    }

    /** Types it twice; two that differ are not taken, and turning the phone loses nothing. */
    private fun choosesAnotherPin() {
        hand.taps("new-pin")
        hand.types(OTHER_PIN)
        hand.types(Stage.pin())
        hand.awaits("differs")
        hand.types(OTHER_PIN)
        rule.activityRule.scenario.recreate()
        hand.types(OTHER_PIN)
        hand.awaitsText("Your new payment PIN works from now on.")
    }

    private fun stopsWithTheOtherPin(mandate: String) {
        hand.taps("permission-$mandate")
        hand.taps("way-mandate.cancel.quick")
        hand.taps("primary")
        hand.awaitsText("Stop for good?")
        hand.taps("primary")
        hand.types(Stage.pin())
        hand.awaitsText("4 tries left")
        hand.types(OTHER_PIN)
        hand.leaves("close")
        assertEquals(PermissionGroup.ENDED, payer.group(mandate))
    }

    private companion object {
        val OTHER_PIN = "739154".toByteArray()
    }
}
