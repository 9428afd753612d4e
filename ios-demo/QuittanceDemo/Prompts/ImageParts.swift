import Foundation
import Quittance
import SwiftUI
import UniformTypeIdentifiers

/// Photos of a document, with what makes a good one.
///
/// The demo takes pictures that are on the phone already. An app that photographs gives `ImagesSection` a camera in place
/// of the file chooser: what it hands over are the same bytes.
struct PhotosPart: View {
    let model: FlowModel
    let document: DocumentKind
    let number: Int

    var body: some View {
        Section {
            Label(say("app.photo.corners"), systemImage: "doc.text")
            Label(say("app.photo.glare"), systemImage: "doc.text")
            if document == .idDocument {
                Text([say("app.photo.front"), say("app.photo.back")].joined(separator: say("app.list.separator")))
            }
        }
        ImagesSection(model: model, needed: number, action: say("action.take_photos"))
    }
}

/// A recording of the payer, as frames.
struct RecordingPart: View {
    let model: FlowModel
    let what: RecordingKind

    var body: some View {
        Section {
            switch what {
            case .face: Text(say("app.record.face"))
            case .video: Text(say("app.record.video"))
            case .gestures(let gestures):
                ForEach(gestures.indices, id: \.self) { Text(say(gestures[$0].key)) }
            }
        }
        ImagesSection(model: model, needed: 1, action: say("action.record"))
    }
}

/// Takes pictures until there are enough, then hands them over together.
struct ImagesSection: View {
    let model: FlowModel
    let needed: Int
    let action: String
    @State private var images: [Data] = []
    @State private var chooses = false

    var body: some View {
        Section {
            if needed > 1 {
                Text(
                    say(
                        "app.photo.count",
                        ["number": count(min(images.count + 1, needed)), "photos": count(needed)]))
            }
            Button(action) { chooses = true }
                .buttonStyle(.borderedProminent)
                .controlSize(.large)
                .disabled(model.work.isBusy)
                .accessibilityIdentifier("primary")
                .fileImporter(
                    isPresented: $chooses, allowedContentTypes: [.jpeg, .png], allowsMultipleSelection: true
                ) { chosen in
                    take((try? chosen.get()) ?? [])
                }
        }
    }

    private func take(_ files: [URL]) {
        for file in files {
            let isOpen = file.startAccessingSecurityScopedResource()
            defer { if isOpen { file.stopAccessingSecurityScopedResource() } }
            if let image = try? Data(contentsOf: file) { images.append(image) }
        }
        guard images.count >= needed else { return }
        model.answer(.images(images: images))
        images = []
    }
}
