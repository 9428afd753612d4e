// For app teams, in step with the Maven build (one list of versions: gradle/libs.versions.toml, which a test of xtask compares
// with libraries/pom.xml and pom.xml). Not executed here: this project's own machine has no Android SDK.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode = RepositoriesMode.FAIL_ON_PROJECT_REPOS
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "quittance-android-demo"
include(":package", ":app")
