package org.quittance.android

import android.content.res.Resources

/** What an argument of a text is: it decides how the argument is written in the reader's language. */
public enum class TextSlotKind {
    /** A number of things, in digits. */
    COUNT,

    /** An amount of money with its currency. */
    AMOUNT,

    /** A point in time. */
    MOMENT,

    /** A length of time. */
    WAIT,

    /** Words as they are. */
    WORDS,

    /** Keys of other texts, which are listed. */
    KEYS,
}

/** An argument of a text: the name under which a prompt or a screen gives it, with its kind. */
public data class TextSlot(val name: String, val kind: TextSlotKind)

/**
 * A text of the catalogue as a resource of Android; `textResource` finds it by its key.
 *
 * @property id the resource: of `R.plurals` where [counted] is present, else of `R.string`
 * @property slots its arguments in the sequence of its format
 * @property counted the name of the argument whose number decides between the forms of the text
 */
public class TextResource internal constructor(
    public val id: Int,
    public val slots: List<TextSlot>,
    public val counted: String? = null,
) {
    /**
     * The text in the language of [resources]. [argument] writes each argument in that language: a count as its digits,
     * an amount with its currency, a moment or a wait as people say it.
     */
    public fun text(resources: Resources, argument: (TextSlot) -> String): String {
        if (slots.isEmpty()) return resources.getString(id)
        val values = slots.associate { it.name to argument(it) }
        val written = slots.map { values[it.name].orEmpty() }.toTypedArray()
        val number = counted ?: return resources.getString(id, *written)
        return resources.getQuantityString(id, values[number]?.toIntOrNull() ?: MANY, *written)
    }

    private companion object {
        /** A number beyond what a resource can count by has the form of every large number. */
        const val MANY = Int.MAX_VALUE
    }
}

internal fun plain(id: Int, vararg slots: TextSlot): TextResource = TextResource(id, slots.asList())

internal fun plural(id: Int, counted: String, vararg slots: TextSlot): TextResource =
    TextResource(id, slots.asList(), counted)

internal fun count(name: String): TextSlot = TextSlot(name, TextSlotKind.COUNT)

internal fun amount(name: String): TextSlot = TextSlot(name, TextSlotKind.AMOUNT)

internal fun moment(name: String): TextSlot = TextSlot(name, TextSlotKind.MOMENT)

internal fun wait(name: String): TextSlot = TextSlot(name, TextSlotKind.WAIT)

internal fun words(name: String): TextSlot = TextSlot(name, TextSlotKind.WORDS)

internal fun keys(name: String): TextSlot = TextSlot(name, TextSlotKind.KEYS)
