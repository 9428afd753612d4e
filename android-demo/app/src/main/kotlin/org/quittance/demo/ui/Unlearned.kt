package org.quittance.demo.ui

import android.text.InputType
import android.view.inputmethod.EditorInfo
import androidx.compose.runtime.Composable
import androidx.compose.ui.ExperimentalComposeUiApi
import androidx.compose.ui.platform.InterceptPlatformTextInput
import androidx.compose.ui.platform.PlatformTextInputInterceptor
import androidx.compose.ui.platform.PlatformTextInputMethodRequest

/**
 * Asks the keyboard to learn nothing of what is typed into the fields inside, and to suggest nothing there.
 *
 * It is a request: a keyboard is another app, which sees each letter and may do as it likes.
 */
@OptIn(ExperimentalComposeUiApi::class)
@Composable
fun Unlearned(fields: @Composable () -> Unit) = InterceptPlatformTextInput(asking, fields)

@OptIn(ExperimentalComposeUiApi::class)
private val asking =
    PlatformTextInputInterceptor { request, next ->
        next.startInputMethod(
            PlatformTextInputMethodRequest { field -> request.createInputConnection(field).also { askOf(field) } },
        )
    }

private fun askOf(field: EditorInfo) {
    field.imeOptions = field.imeOptions or EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING
    // The same bit means something else where the keyboard is one of digits.
    if (field.inputType and InputType.TYPE_MASK_CLASS == InputType.TYPE_CLASS_TEXT) {
        field.inputType = field.inputType or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS
    }
}
