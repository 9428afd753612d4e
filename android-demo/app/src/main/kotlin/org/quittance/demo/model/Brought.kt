package org.quittance.demo.model

import kotlinx.coroutines.flow.update
import org.quittance.VouchRequest
import org.quittance.WalletException

// What comes from outside: a merchant's offer, the code of somebody who asks this payer to vouch, the link of another app.

fun DemoModel.typeOffer(words: String) = states.update { it.copy(shown = Shown.ReadOffer(words), problem = null) }

/** Another app hands a text over: it is shown, and nothing is done with it. */
fun DemoModel.bringCode(words: String) = act {
    if (stack.last() != Place.Offer) stack.addLast(Place.Offer)
    typing.clear()
    states.update { it.copy(shown = Shown.ReadOffer(words.take(MOST_TYPED))) }
    show()
}

fun DemoModel.readOffer(words: String, locale: String) = act {
    val text = words.trim()
    val asked = vouchRequest(text)
    if (asked == null) {
        try {
            wallet().readOffer(text)
        } catch (_: WalletException.InvalidInput) {
            throw DemoModel.Told(unreadableOffer)
        }
    }
    val signing = if (asked == null) wallet().startSign(text, locale) else null
    stack.remove(Place.Offer)
    if (signing != null) return@act open(signing)
    if (asked != null) stack.addLast(Place.Vouch(asked.flow, asked.requester, asked.purpose))
    show()
}

/** Who asks, where the text is of such a code. */
private suspend fun DemoModel.vouchRequest(text: String): VouchRequest? =
    try {
        wallet().readVouchCode(text)
    } catch (_: WalletException.ForeignLink) {
        null
    }

/** Hands the code of the open run to somebody who shall vouch. */
fun DemoModel.shareCode() {
    val prompt = (states.value.shown as? Shown.Flow)?.prompt ?: return
    act { phone.share("", wallet().vouchCode(prompt.flow)) }
}

/** Comes back from another app; a link of strangers changes nothing, and says so. */
fun DemoModel.resumeLink(link: String) = act { open(wallet().resumeLink(link)) }

/** A text of a code is far shorter. */
private const val MOST_TYPED = 16_384
