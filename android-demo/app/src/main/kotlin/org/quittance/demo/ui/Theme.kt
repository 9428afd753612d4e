package org.quittance.demo.ui

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Typography
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.lightColorScheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.staticCompositionLocalOf
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.unit.sp
import org.quittance.demo.words.Words

/** The texts in the phone's language. */
val LocalWords = staticCompositionLocalOf<Words> { error("no words") }

// Tones of one seed, a deep green-blue; the phone's own colours are not taken over.
private val Light =
    lightColorScheme(
        primary = Color(0xFF00555F),
        onPrimary = Color(0xFFFFFFFF),
        primaryContainer = Color(0xFFBFEAF0),
        onPrimaryContainer = Color(0xFF002F35),
        secondary = Color(0xFF47626A),
        onSecondary = Color(0xFFFFFFFF),
        secondaryContainer = Color(0xFFD6E6EA),
        onSecondaryContainer = Color(0xFF0B2A30),
        tertiary = Color(0xFF7A5900),
        onTertiary = Color(0xFFFFFFFF),
        tertiaryContainer = Color(0xFFFFE2A6),
        onTertiaryContainer = Color(0xFF3A2A00),
        error = Color(0xFFA3271F),
        onError = Color(0xFFFFFFFF),
        errorContainer = Color(0xFFFFDAD5),
        onErrorContainer = Color(0xFF410502),
        background = Color(0xFFF6FAFB),
        onBackground = Color(0xFF161D1F),
        surface = Color(0xFFF6FAFB),
        onSurface = Color(0xFF161D1F),
        surfaceVariant = Color(0xFFDBE5E8),
        onSurfaceVariant = Color(0xFF3C494C),
        surfaceBright = Color(0xFFFFFFFF),
        surfaceContainerLowest = Color(0xFFFFFFFF),
        surfaceContainerLow = Color(0xFFEFF5F6),
        surfaceContainer = Color(0xFFE9F0F2),
        surfaceContainerHigh = Color(0xFFE3EBED),
        surfaceContainerHighest = Color(0xFFDDE6E8),
        outline = Color(0xFF6B797D),
        outlineVariant = Color(0xFFC0CCCF),
    )

private val Dark =
    darkColorScheme(
        primary = Color(0xFF83D3DF),
        onPrimary = Color(0xFF00363D),
        primaryContainer = Color(0xFF004F58),
        onPrimaryContainer = Color(0xFFBFEAF0),
        secondary = Color(0xFFAFCBD2),
        onSecondary = Color(0xFF19343A),
        secondaryContainer = Color(0xFF304A51),
        onSecondaryContainer = Color(0xFFD6E6EA),
        tertiary = Color(0xFFF2C14B),
        onTertiary = Color(0xFF402D00),
        tertiaryContainer = Color(0xFF5C4300),
        onTertiaryContainer = Color(0xFFFFE2A6),
        error = Color(0xFFFFB4A9),
        onError = Color(0xFF680B07),
        errorContainer = Color(0xFF8A1812),
        onErrorContainer = Color(0xFFFFDAD5),
        background = Color(0xFF0E1416),
        onBackground = Color(0xFFDEE4E6),
        surface = Color(0xFF0E1416),
        onSurface = Color(0xFFDEE4E6),
        surfaceVariant = Color(0xFF3C494C),
        onSurfaceVariant = Color(0xFFBCC8CB),
        surfaceBright = Color(0xFF242B2D),
        surfaceContainerLowest = Color(0xFF090F10),
        surfaceContainerLow = Color(0xFF161D1F),
        surfaceContainer = Color(0xFF1A2123),
        surfaceContainerHigh = Color(0xFF242B2D),
        surfaceContainerHighest = Color(0xFF2F3638),
        outline = Color(0xFF869497),
        outlineVariant = Color(0xFF3C494C),
    )

private val Base = Typography()

/** Generous: what it is about is large, what it says is comfortable to read. */
private val Type =
    Typography(
        displaySmall = Base.displaySmall.copy(fontWeight = FontWeight.SemiBold, lineHeight = 42.sp),
        headlineMedium = Base.headlineMedium.copy(fontWeight = FontWeight.SemiBold),
        headlineSmall = Base.headlineSmall.copy(fontWeight = FontWeight.SemiBold),
        titleLarge = Base.titleLarge.copy(fontWeight = FontWeight.SemiBold),
        titleMedium = Base.titleMedium.copy(fontWeight = FontWeight.SemiBold),
        bodyLarge = Base.bodyLarge.copy(fontSize = 17.sp, lineHeight = 25.sp),
        labelLarge = Base.labelLarge.copy(fontSize = 16.sp),
    )

/** Figures of one width: what is typed or compared stands in columns. */
val TextStyle.tabular: TextStyle get() = copy(fontFeatureSettings = "tnum")

@Composable
fun QuittanceTheme(words: Words, content: @Composable () -> Unit) {
    androidx.compose.runtime.CompositionLocalProvider(LocalWords provides words) {
        MaterialTheme(if (isSystemInDarkTheme()) Dark else Light, typography = Type, content = content)
    }
}
