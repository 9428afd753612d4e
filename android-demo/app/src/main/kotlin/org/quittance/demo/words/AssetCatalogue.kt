package org.quittance.demo.words

import android.content.Context
import org.json.JSONObject

/** The catalogue as `bindings/texts` has it, in the language of the phone. */
class AssetCatalogue(context: Context) : Catalogue {
    private val texts: JSONObject

    init {
        val chinese = context.resources.configuration.locales[0].language == "zh"
        val name = if (chinese) "zh-Hans" else "en"
        texts = JSONObject(context.assets.open("texts/$name.json").bufferedReader().use { it.readText() })
    }

    override fun pattern(key: String, counted: Map<String, Long>): String? =
        when (val found = texts.opt(key)) {
            is String -> found
            is JSONObject -> {
                val other = found.optString("other")
                val one = found.optString("one")
                // The first number of the text decides.
                val decides = Regex("\\{([a-z_]+):count\\}").find(other)?.groupValues?.get(1)
                if (one.isNotEmpty() && counted[decides] == 1L) one else other
            }
            else -> null
        }
}
