package org.quittance.demo.ui

import org.quittance.Limits
import org.quittance.StopScope
import org.quittance.Wish
import org.quittance.demo.model.DemoModel
import org.quittance.demo.model.Place
import org.quittance.demo.model.ProblemRemedy
import org.quittance.demo.model.changeLimits
import org.quittance.demo.model.isRead
import org.quittance.demo.model.isShown
import org.quittance.demo.model.partAgain
import org.quittance.demo.model.readOffer
import org.quittance.demo.model.setUpAgain
import org.quittance.demo.model.shareCode
import org.quittance.demo.model.shareReceipts
import org.quittance.demo.model.typeLimits
import org.quittance.demo.model.typeOffer

/** What the screens can ask for: the model's actions, so that a picture needs no model. */
interface Actions {
    fun go(place: Place) = Unit

    fun back() = Unit

    fun refresh() = Unit

    fun openAgain() = Unit

    fun setUpAgain() = Unit

    fun partAgain() = Unit

    fun shareReceipts() = Unit

    fun startEnrolment() = Unit

    fun type(digit: Int) = Unit

    fun erase() = Unit

    fun enter(number: Int, words: String) = Unit

    fun choosePerson(account: String) = Unit

    fun takePicture() = Unit

    fun retakePictures() = Unit

    fun primary() = Unit

    fun quiet() = Unit

    fun close() = Unit

    fun sendAgain() = Unit

    fun begin(definition: String, mandates: List<String>, wish: Wish? = null) = Unit

    fun stop(mandates: List<String>) = Unit

    fun switch(mandate: String, on: Boolean) = Unit

    fun choose(several: Set<String>?) = Unit

    fun typeLimits(perCharge: String, perPeriod: String) = Unit

    fun changeLimits(wanted: Limits) = Unit

    fun shareCode() = Unit

    fun typeOffer(words: String) = Unit

    fun readOffer(words: String, locale: String) = Unit

    fun isShown(number: ULong) = Unit

    fun isRead(number: ULong) = Unit

    fun askForLock() = Unit

    fun lock() = Unit

    fun choosePassword() = Unit

    fun leaveSheet() = Unit

    fun checkReceipt() = Unit

    fun shareReceipt() = Unit

    fun stopEverything(scope: StopScope) = Unit

    fun vouch(approves: Boolean) = Unit

    fun remedy(remedy: ProblemRemedy) = Unit

    companion object {
        /** Nothing happens. */
        val NONE = object : Actions {}

        /** The model's. */
        operator fun invoke(model: DemoModel): Actions = Of(model)
    }

    private class Of(private val model: DemoModel) : Actions {
        override fun go(place: Place) = model.go(place)

        override fun back() {
            model.back()
        }

        override fun refresh() = model.refresh()

        override fun openAgain() = model.openAgain()

        override fun setUpAgain() = model.setUpAgain()

        override fun partAgain() = model.partAgain()

        override fun shareReceipts() = model.shareReceipts()

        override fun startEnrolment() = model.startEnrolment()

        override fun type(digit: Int) = model.type(digit)

        override fun erase() = model.erase()

        override fun enter(number: Int, words: String) = model.enter(number, words)

        override fun choosePerson(account: String) = model.choosePerson(account)

        override fun takePicture() = model.takePicture()

        override fun retakePictures() = model.retakePictures()

        override fun primary() = model.primary()

        override fun quiet() = model.quiet()

        override fun close() = model.close()

        override fun sendAgain() = model.sendAgain()

        override fun begin(definition: String, mandates: List<String>, wish: Wish?) =
            model.begin(definition, mandates, wish)

        override fun stop(mandates: List<String>) = model.stop(mandates)

        override fun switch(mandate: String, on: Boolean) = model.switch(mandate, on)

        override fun choose(several: Set<String>?) = model.choose(several)

        override fun typeLimits(perCharge: String, perPeriod: String) = model.typeLimits(perCharge, perPeriod)

        override fun changeLimits(wanted: Limits) = model.changeLimits(wanted)

        override fun shareCode() = model.shareCode()

        override fun typeOffer(words: String) = model.typeOffer(words)

        override fun readOffer(words: String, locale: String) = model.readOffer(words, locale)

        override fun isShown(number: ULong) = model.isShown(number)

        override fun isRead(number: ULong) = model.isRead(number)

        override fun askForLock() = model.askForLock()

        override fun lock() = model.lock()

        override fun choosePassword() = model.choosePassword()

        override fun leaveSheet() = model.leaveSheet()

        override fun checkReceipt() = model.checkReceipt()

        override fun shareReceipt() = model.shareReceipt()

        override fun stopEverything(scope: StopScope) = model.stopEverything(scope)

        override fun vouch(approves: Boolean) = model.vouch(approves)

        override fun remedy(remedy: ProblemRemedy) = model.remedy(remedy)
    }
}
