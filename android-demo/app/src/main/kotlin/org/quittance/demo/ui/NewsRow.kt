package org.quittance.demo.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.Card
import androidx.compose.material3.CardDefaults
import androidx.compose.material3.MaterialTheme
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.layout.LayoutCoordinates
import androidx.compose.ui.layout.boundsInWindow
import androidx.compose.ui.layout.onGloballyPositioned
import androidx.compose.ui.layout.positionInWindow
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.dp
import org.quittance.demo.R
import org.quittance.demo.model.News
import org.quittance.demo.model.UiState

/** Something that happened, with what can be done about it; it stands until the payer puts it away. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
fun NewsRow(news: News, state: UiState, actions: Actions) {
    val colours = MaterialTheme.colorScheme
    val (field, ink) =
        if (news.grave) colours.errorContainer to colours.onErrorContainer
        else colours.secondaryContainer to colours.onSecondaryContainer
    val seen = Modifier.onGloballyPositioned { if (isThere(it)) actions.isShown(news.number) }
    Card(seen.fillMaxWidth().testTag("news"), colors = CardDefaults.cardColors(field, ink)) {
        Column(Modifier.padding(horizontal = 16.dp, vertical = 12.dp), Arrangement.spacedBy(8.dp)) {
            Line(if (news.grave) R.drawable.sign_alert else R.drawable.sign_next, words(news.say), tint = ink)
            FlowRow(horizontalArrangement = Arrangement.spacedBy(24.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                news.way?.let { (label, place) ->
                    TextAction("news-way-${news.number}", words(label), !state.working) {
                        // A new PIN is offered until one was chosen: leaving that page loses nothing.
                        if (!news.stays) actions.isRead(news.number)
                        actions.go(place)
                    }
                }
                TextAction("news-close-${news.number}", words("app.action.close")) { actions.isRead(news.number) }
            }
        }
    }
}

/** Whether its end is within what the page shows of itself now: whoever is there has read the rest. */
private fun isThere(row: LayoutCoordinates): Boolean {
    val end = row.positionInWindow().y + row.size.height
    return row.isAttached && !row.boundsInWindow().isEmpty && row.boundsInWindow().bottom >= end - 1
}
