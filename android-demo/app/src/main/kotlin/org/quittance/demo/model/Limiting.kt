package org.quittance.demo.model

import kotlinx.coroutines.flow.update
import org.quittance.Limits
import org.quittance.Wish

// Other limits for a permission, as the payer types them.

fun DemoModel.typeLimits(perCharge: String, perPeriod: String) = states.update { state ->
    val shown = state.shown as? Shown.ChangeLimits ?: return@update state
    state.copy(shown = shown.copy(perCharge = perCharge, perPeriod = perPeriod), problem = null)
}

fun DemoModel.changeLimits(wanted: Limits) {
    val mandate = (states.value.shown as? Shown.ChangeLimits)?.mandate ?: return
    act {
        val flow = wallet().begin("mandate.change_limits", listOf(mandate), Wish.ChangeLimits(wanted))
        stack.remove(Place.Limits(mandate))
        open(flow)
    }
}
