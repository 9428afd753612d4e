package org.quittance.demo

import androidx.compose.ui.graphics.asAndroidBitmap
import androidx.compose.ui.test.*
import androidx.compose.ui.test.junit4.createAndroidComposeRule
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.GraphicsMode

@RunWith(RobolectricTestRunner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ScreensTest {
    @get:Rule val rule = createAndroidComposeRule<MainActivity>()

    @Test
    fun shot() {
        rule.onNodeWithText("Permissions").assertIsDisplayed()
        val b = rule.onRoot().captureToImage().asAndroidBitmap()
        check(b.width > 0)
    }
}
