package org.quittance.demo.ui

import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalConfiguration
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import org.quittance.Money
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.model.wanted
import org.quittance.demo.words.amount
import org.quittance.demo.words.count

/** Other limits for a permission, as the payer types them. What follows from them is shown by the flow. */
@Composable
fun LimitsScreen(shown: Shown.ChangeLimits, state: UiState, actions: Actions) {
    val wanted = shown.wanted(LocalConfiguration.current.locales[0])
    val days = "days" to count(shown.now.periodDays.toInt())
    Page(
        "",
        actions::back,
        bottom = {
            Primary("change", words("app.action.continue"), wanted != null && !state.working) { wanted?.let(actions::changeLimits) }
            Quiet("keep", words("app.action.cancel"), !state.working, actions::back)
        },
    ) {
        BigTitle(words("app.action.change_limits"))
        Standing(state, actions)
        Amount("per-charge", words("app.terms.per_charge", "amount" to amount(shown.now.perCharge)), shown.now.perCharge, shown.perCharge) {
            actions.typeLimits(it, shown.perPeriod)
        }
        val period = words("app.terms.per_period", "amount" to amount(shown.now.perPeriod), days)
        Amount("per-period", period, shown.now.perPeriod, shown.perPeriod) { actions.typeLimits(shown.perCharge, it) }
    }
}

/** What is now, and beside it what is wanted. */
@Composable
private fun Amount(tag: String, label: String, now: Money, typed: String, onType: (String) -> Unit) {
    Body(label)
    OutlinedTextField(
        typed,
        onType,
        Modifier.fillMaxWidth().testTag(tag).semantics { contentDescription = label },
        label = { Text(now.currency) },
        singleLine = true,
        keyboardOptions = KeyboardOptions(autoCorrectEnabled = false, keyboardType = KeyboardType.Decimal),
    )
}
