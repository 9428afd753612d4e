package org.quittance.demo.ui

import androidx.compose.foundation.background
import androidx.compose.foundation.border
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.Spacer
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.quittance.demo.R
import org.quittance.demo.words.count

/** How many digits are typed: dots, or the digits of a code; said aloud as a number only. */
@Composable
fun Digits(entered: Int, digits: Int, shown: String = "") {
    val said = words("app.pin.entered", "entered" to count(entered), "digits" to count(digits))
    Row(
        Modifier.fillMaxWidth().padding(vertical = 8.dp).testTag("digits").clearAndSetSemantics {
            contentDescription = said
            liveRegion = LiveRegionMode.Polite
        },
        Arrangement.spacedBy(12.dp, Alignment.CenterHorizontally),
        Alignment.CenterVertically,
    ) {
        repeat(digits) { place -> Digit(place < entered, shown.getOrNull(place)) }
    }
}

@Composable
private fun Digit(typed: Boolean, shown: Char?) {
    val colours = MaterialTheme.colorScheme
    if (shown != null) {
        return Text(shown.toString(), style = MaterialTheme.typography.headlineMedium.tabular, color = colours.onSurface)
    }
    val dot = Modifier.size(16.dp).clip(CircleShape)
    Box(if (typed) dot.background(colours.primary) else dot.border(2.dp, colours.outline, CircleShape))
}

/** Our own keys: no keyboard of another app sees a digit, and none is drawn where it was typed. */
@Composable
fun PinPad(enabled: Boolean, onDigit: (Int) -> Unit, onErase: () -> Unit) {
    Column(Modifier.widthIn(max = 360.dp).fillMaxWidth(), Arrangement.spacedBy(8.dp)) {
        for (row in listOf(listOf(1, 2, 3), listOf(4, 5, 6), listOf(7, 8, 9))) {
            Row(Modifier.fillMaxWidth(), Arrangement.spacedBy(8.dp)) {
                row.forEach { digit -> DigitKey(digit, enabled, Modifier.weight(1f)) { onDigit(digit) } }
            }
        }
        Row(Modifier.fillMaxWidth(), Arrangement.spacedBy(8.dp)) {
            Spacer(Modifier.weight(1f))
            DigitKey(0, enabled, Modifier.weight(1f)) { onDigit(0) }
            val erase = words("app.pin.delete")
            Key("erase", enabled, Modifier.weight(1f).semantics { contentDescription = erase }, onErase) {
                Sign(R.drawable.sign_erase, Modifier.size(28.dp))
            }
        }
    }
}

@Composable
private fun DigitKey(digit: Int, enabled: Boolean, modifier: Modifier, onClick: () -> Unit) =
    Key("digit-$digit", enabled, modifier, onClick) {
        Text(digit.toString(), style = MaterialTheme.typography.headlineSmall.tabular)
    }

@Composable
private fun Key(tag: String, enabled: Boolean, modifier: Modifier, onClick: () -> Unit, content: @Composable () -> Unit) =
    Box(
        modifier
            .heightIn(min = 56.dp)
            .clip(RoundedCornerShape(16.dp))
            .background(MaterialTheme.colorScheme.surfaceContainerHigh)
            .clickable(enabled, role = Role.Button, onClick = onClick)
            .testTag(tag)
            .padding(8.dp),
        Alignment.Center,
    ) {
        content()
    }
