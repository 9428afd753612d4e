// The Kotlin package as an Android library. Not executed here: see ../settings.gradle.kts.
//
// `cargo xtask bindings` writes the generated sources; the library for phones (libquittance.so for arm64-v8a and x86_64,
// aligned to 16 KB) goes into bindings/kotlin/src/android/jniLibs.
plugins {
    alias(libs.plugins.android.library)
}

val source = file("../../bindings/kotlin")

android {
    namespace = "org.quittance.android"
    compileSdk = libs.versions.compileSdk.get().toInt()

    defaultConfig {
        minSdk = libs.versions.minSdk.get().toInt()
        consumerProguardFiles(source.resolve("src/main/resources/META-INF/proguard/quittance.pro"))
    }
    sourceSets.named("main") {
        kotlin.directories += listOf("$source/src/android/kotlin", "$source/target/generated")
        res.directories += "$source/src/android/res"
        jniLibs.directories += "$source/src/android/jniLibs"
    }
}

dependencies {
    api(libs.kotlinx.coroutines.android)
    implementation("${libs.jna.get()}@aar")
    implementation(libs.androidx.annotation)
}
