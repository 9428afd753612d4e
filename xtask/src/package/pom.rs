//! What Maven is told about the Kotlin library: its name, its version, what it depends on.
use crate::run::{Outcome, Problem};

/// One library that the Kotlin library needs where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The group.
    pub(crate) group: String,
    /// The name in the group.
    pub(crate) artifact: String,
    /// The exact version.
    pub(crate) version: String,
    /// The form, where it is no jar.
    pub(crate) form: Option<&'static str>,
}

/// The part of bindings/kotlin/pom.xml that is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Project {
    /// The group.
    pub(crate) group: String,
    /// The name in the group.
    pub(crate) artifact: String,
    /// The version.
    pub(crate) version: String,
    /// The form: a jar, or an AAR.
    pub(crate) form: &'static str,
    /// What an app gets with it.
    pub(crate) dependencies: Vec<Dependency>,
}

impl Project {
    /// Reads a POM of the project: all dependencies but those of its tests, and what the system itself brings.
    pub(crate) fn read(pom: &str) -> Outcome<Self> {
        let kotlin = element(pom, "kotlin.version")?;
        let head = pom.split("<dependencies>").next().unwrap_or_default();
        let mut dependencies = Vec::new();
        for block in pom.split("<dependency>").skip(1) {
            let block = block.split("</dependency>").next().unwrap_or_default();
            if !block.contains("<scope>") {
                dependencies.push(Dependency {
                    group: element(block, "groupId")?,
                    artifact: element(block, "artifactId")?,
                    version: element(block, "version")?.replace("${kotlin.version}", &kotlin),
                    form: None,
                });
            }
        }
        Ok(Self {
            group: element(head, "groupId")?,
            artifact: element(head, "artifactId")?,
            version: element(head, "version")?,
            form: "jar",
            dependencies,
        })
    }

    /// The same with JNA and the coroutines in the forms that Android takes; for compiling, those of a JVM do.
    pub(crate) fn for_android(mut self) -> Self {
        self.form = "aar";
        for dependency in &mut self.dependencies {
            match dependency.artifact.as_str() {
                "jna" => dependency.form = Some("aar"),
                "kotlinx-coroutines-core-jvm" => "kotlinx-coroutines-android".clone_into(&mut dependency.artifact),
                _ => {}
            }
        }
        self
    }

    /// The dependency of this name.
    pub(crate) fn dependency(&self, artifact: &str) -> Outcome<&Dependency> {
        let found = self.dependencies.iter().find(|it| it.artifact == artifact);
        found.ok_or_else(|| Problem::Failed(format!("{} does not depend on {artifact}", self.artifact)))
    }

    /// The folder of its files in a Maven repository.
    pub(crate) fn folder(&self) -> String {
        format!("{}/{}/{}", self.group.replace('.', "/"), self.artifact, self.version)
    }

    /// The name of one of its files: what stands after name and version.
    pub(crate) fn file(&self, rest: &str) -> String {
        format!("{}-{}{rest}", self.artifact, self.version)
    }

    /// The POM that is published.
    pub(crate) fn published(&self) -> String {
        self.published_as(self.form)
    }

    /// Its POM, with the form that Maven is told.
    pub(crate) fn published_as(&self, form: &str) -> String {
        let mut text = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0"
         xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
         xsi:schemaLocation="http://maven.apache.org/POM/4.0.0 http://maven.apache.org/xsd/maven-4.0.0.xsd">
  <modelVersion>4.0.0</modelVersion>
  <groupId>{}</groupId>
  <artifactId>{}</artifactId>
  <version>{}</version>
  <packaging>{form}</packaging>
  <name>Quittance</name>
  <description>A payer's wallet: permissions to charge, every way to stop them, receipts that anyone can check.</description>
  <licenses>
    <license>
      <name>Apache-2.0</name>
      <url>https://www.apache.org/licenses/LICENSE-2.0.txt</url>
    </license>
  </licenses>
  <dependencies>
"#,
            self.group, self.artifact, self.version
        );
        for Dependency {
            group,
            artifact,
            version,
            form,
        } in &self.dependencies
        {
            let form = form.map_or(String::new(), |form| format!("      <type>{form}</type>\n"));
            text += &format!(
                "    <dependency>\n      <groupId>{group}</groupId>\n      <artifactId>{artifact}</artifactId>\n      \
                 <version>{version}</version>\n{form}      <scope>compile</scope>\n    </dependency>\n"
            );
        }
        text + "  </dependencies>\n</project>\n"
    }
}

/// The text of the first element of this name.
pub(crate) fn element(text: &str, name: &str) -> Outcome<String> {
    let found = text
        .split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    let (value, _) = found.ok_or_else(|| Problem::Failed(format!("a POM has no {name}")))?;
    Ok(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POM: &str = include_str!("../../../bindings/kotlin/pom.xml");
    const ANDROID: &str = include_str!("../../../bindings/kotlin/android/pom.xml");
    const CATALOGUE: &str = include_str!("../../../android-demo/gradle/libs.versions.toml");

    #[test]
    fn what_only_the_tests_need_is_not_published() {
        let project = Project::read(POM).unwrap();
        let names: Vec<&str> = project.dependencies.iter().map(|it| it.artifact.as_str()).collect();
        assert_eq!(names, ["kotlin-stdlib", "kotlinx-coroutines-core-jvm", "jna"]);
        assert!(!project.published().contains("${"), "every version is a number");
        assert!(!project.published().contains("junit"));
    }

    #[test]
    fn the_library_for_android_has_the_versions_of_the_gradle_catalogue() {
        let project = Project::read(ANDROID).unwrap().for_android();
        assert_eq!(project.artifact, "quittance-android");
        assert_eq!(project.dependency("jna").unwrap().form, Some("aar"));
        let catalogue: toml::Table = CATALOGUE.parse().unwrap();
        let coroutines = project.dependency("kotlinx-coroutines-android").unwrap();
        assert_eq!(
            Some(coroutines.version.as_str()),
            catalogue["versions"]["coroutines"].as_str()
        );
        for (name, artifact) in [("jna", "jna"), ("androidx-annotation", "annotation-jvm")] {
            let version = catalogue["libraries"][name]["version"].as_str();
            assert_eq!(Some(project.dependency(artifact).unwrap().version.as_str()), version);
        }
        assert!(project.dependency("android-all").is_err(), "the phone brings Android");
    }

    #[test]
    fn files_stand_where_maven_looks_for_them() {
        let project = Project::read(POM).unwrap();
        assert_eq!(project.folder(), format!("org/quittance/quittance/{}", project.version));
        assert_eq!(
            project.file("-sources.jar"),
            format!("quittance-{}-sources.jar", project.version)
        );
        assert!(project.dependency("junit").is_err());
    }
}
