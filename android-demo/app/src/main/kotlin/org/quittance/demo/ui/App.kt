package org.quittance.demo.ui

import androidx.activity.compose.BackHandler
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.size
import androidx.compose.material3.CircularProgressIndicator
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.NavigationBar
import androidx.compose.material3.NavigationBarItem
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import org.quittance.demo.R
import org.quittance.demo.model.DemoModel
import org.quittance.demo.model.EnrolStep
import org.quittance.demo.model.Place
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState

/** The whole app. */
@Composable
fun App(model: DemoModel) {
    val state by model.state.collectAsState()
    val shown = state.shown
    val home = shown is Shown.Home && shown.chosen == null
    val outside = shown is Shown.Loading || shown is Shown.Stuck || (shown is Shown.Enrol && shown.step == EnrolStep.WELCOME)
    BackHandler(!home && !outside) { model.back() }
    Content(state, Actions(model))
}

/** One state of the app; pictures are taken of this, too. */
@Composable
fun Content(state: UiState, actions: Actions) {
    Surface(Modifier.fillMaxSize(), color = MaterialTheme.colorScheme.surface) {
        when (val shown = state.shown) {
            is Shown.Loading -> Loading()
            is Shown.Stuck -> StuckScreen(shown, state, actions)
            is Shown.Enrol -> EnrolScreen(shown, state, actions)
            is Shown.Flow -> FlowScreen(shown, state, actions)
            is Shown.OnePermission -> PermissionScreen(shown, state, actions)
            is Shown.Receipt -> ReceiptScreen(shown, state, actions)
            is Shown.ChangeLimits -> LimitsScreen(shown, state, actions)
            is Shown.ReadOffer -> OfferScreen(shown, state, actions)
            is Shown.Vouch -> VouchScreen(shown, state, actions)
            is Shown.Home -> WithTabs(Place.Home, actions) { HomeScreen(shown, state, actions, it) }
            is Shown.Security ->
                when {
                    shown.asksForLock -> LockScreen(state, actions)
                    shown.password != null -> PasswordScreen(shown.password, state, actions)
                    else -> WithTabs(Place.Security, actions) { SecurityScreen(shown, state, actions, it) }
                }
            is Shown.Recovery -> WithTabs(Place.Recovery, actions) { RecoveryScreen(shown, state, actions, it) }
            is Shown.Receipts -> WithTabs(Place.Receipts, actions) { ReceiptsScreen(shown, state, actions, it) }
        }
    }
}

@Composable
private fun Loading() {
    val said = words("app.progress.loading")
    Box(Modifier.fillMaxSize().testTag("loading"), Alignment.Center) {
        CircularProgressIndicator(Modifier.size(40.dp).semantics { contentDescription = said })
    }
}

@Composable
private fun WithTabs(here: Place, actions: Actions, content: @Composable (PaddingValues) -> Unit) =
    Scaffold(
        bottomBar = {
            NavigationBar {
                for ((place, key, sign) in TABS) {
                    NavigationBarItem(
                        selected = place == here,
                        onClick = { actions.go(place) },
                        icon = { Icon(painterResource(sign), null) },
                        label = { Text(words(key), textAlign = TextAlign.Center, maxLines = 2) },
                        modifier = Modifier.testTag("tab-${place.written()}"),
                    )
                }
            }
        },
        content = content,
    )

private val TABS =
    listOf(
        Triple(Place.Home, "app.tab.permissions", R.drawable.sign_list),
        Triple(Place.Security, "app.tab.security", R.drawable.sign_lock),
        Triple(Place.Recovery, "app.tab.recovery", R.drawable.sign_key),
        Triple(Place.Receipts, "app.tab.receipts", R.drawable.sign_receipt),
    )
