package org.quittance.scenario

import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.quittance.Money

// A step's members by their names; one that is not stated is nothing.

fun JsonObject.member(name: String): JsonElement? = get(name)?.takeIf { it != JsonNull }

fun JsonObject.text(name: String): String? = member(name)?.jsonPrimitive?.contentOrNull

fun JsonObject.need(name: String): String = text(name) ?: throw Wrong("a member $name", this)

fun JsonObject.long(name: String): Long? = text(name)?.toLong()

fun JsonObject.int(name: String): Int? = text(name)?.toInt()

fun JsonObject.truth(name: String): Boolean? = text(name)?.toBooleanStrict()

fun JsonObject.texts(name: String): List<String>? = member(name)?.let(::texts)

fun JsonObject.inner(name: String): JsonObject? = member(name)?.jsonObject

fun texts(list: JsonElement): List<String> = list.jsonArray.map { it.jsonPrimitive.content }

fun JsonObject.money(name: String): Money = checkNotNull(inner(name)).let { Money(it.long("minor")!!, it.need("currency")) }

fun json(money: Money): JsonObject =
    buildJsonObject {
        put("minor", JsonPrimitive(money.minor))
        put("currency", JsonPrimitive(money.currency))
    }

fun json(text: String) = JsonPrimitive(text)

fun json(texts: List<String>) = JsonArray(texts.map(::JsonPrimitive))
