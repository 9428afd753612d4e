import Quittance
import SwiftUI

/// Each ended permission as a slip.
struct ReceiptsView: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        @Bindable var model = model
        NavigationStack(path: $model.receiptPath) {
            List {
                if model.receipts.isEmpty {
                    ContentUnavailableView(
                        say("app.receipts.empty.title"), systemImage: "doc.text",
                        description: Text(say("app.receipts.empty.body")))
                }
                Section {
                    ForEach(model.receipts.reversed(), id: \.order) { receipt in
                        NavigationLink(value: AppModel.Page.receipt(receipt.order)) { slip(receipt) }
                            .accessibilityIdentifier("receipt")
                    }
                }
            }
            .navigationTitle(say("app.receipts.title"))
            .navigationDestination(for: AppModel.Page.self) { page in
                switch page {
                case .permission(let mandate): PermissionView(mandate: mandate)
                case .receipt(let order): ReceiptView(order: order)
                }
            }
        }
    }

    private func slip(_ receipt: ReceiptSummary) -> some View {
        VStack(alignment: .leading) {
            Text(receipt.mandates.map { model.service(of: $0) }.joined(separator: say("app.list.separator")))
                .font(.headline)
            Text(say("app.receipt.closed_at", ["at": .moment(receipt.closedAt)])).font(.footnote)
            Text(say("app.cause." + keyName(receipt.cause))).font(.footnote).foregroundStyle(.secondary)
        }
        .accessibilityElement(children: .combine)
    }
}

/// One receipt as a timeline of what each side stated. The phone said *closed* only after it had checked all of it.
struct ReceiptView: View {
    @Environment(AppModel.self) private var app
    @State private var model: ReceiptModel
    @State private var showsDetails = false

    init(order: String) {
        _model = State(initialValue: ReceiptModel(order: order))
    }

    private var summary: ReceiptSummary? { app.receipts.first { $0.order == model.order } }

    var body: some View {
        List {
            if let summary { slip(summary) }
            check
            if let exported = model.exported { proof(exported) }
            if let problem = model.problem { Text(problem.body) }
        }
        .navigationTitle(title)
        .navigationBarTitleDisplayMode(.inline)
        .task { await model.load(app.wallet) }
    }

    private var title: String {
        let services = (summary?.mandates ?? []).map { app.service(of: $0) }
        return say("app.receipt.title", ["service": .words(services.joined(separator: say("app.list.separator")))])
    }

    @ViewBuilder private func slip(_ summary: ReceiptSummary) -> some View {
        Section {
            step("app.receipt.held")
            step("app.receipt.agreed")
            // Where the gateway alone stated its part, this phone's half was not there any more.
            if summary.kind == .twoSided {
                step("app.receipt.phone_destroyed")
            } else {
                Label(say("app.receipt.phone_destroyed") + ": " + say("app.receipt.missing"), systemImage: "circle")
            }
            step("app.receipt.service_destroyed")
            step("app.receipt.on_record")
            step("app.receipt.checked")
        } footer: {
            Text(say(summary.kind == .twoSided ? "app.receipt.claim" : "app.receipt.claim_one_sided"))
        }
        Section {
            Text(say("app.receipt.closed_at", ["at": .moment(summary.closedAt)]))
            Text(say("app.cause." + keyName(summary.cause)))
            Text(say("app.closure." + keyName(summary.kind)))
            Text(say("app.evidence." + keyName(summary.evidenceLevel))).font(.footnote)
        }
    }

    private func step(_ key: String) -> some View {
        Label(say(key), systemImage: "checkmark.circle")
    }

    /// Checks it once more: calm where it holds, and calm where it does not.
    private var check: some View {
        Section {
            Button(say("app.action.check_again")) {
                app.act { try await model.check($0) }
            }
            .disabled(app.work.isBusy)
            .accessibilityIdentifier("check-again")
            switch model.verdict {
            case .valid(let receipt):
                if let at = receipt.checkedAt {
                    Label(say("app.receipt.check.holds", ["at": .moment(at)]), systemImage: "checkmark.circle")
                }
                Text(
                    say(
                        "app.receipt.check.place",
                        ["place": count(receipt.place), "record": .words(receipt.log)])
                ).font(.footnote)
            case .refused(_, let says):
                Label(say("app.receipt.check.refused"), systemImage: "exclamationmark.triangle")
                Text(words(says))
                Text(say("app.receipt.check.unchanged")).font(.footnote)
            case nil: EmptyView()
            }
        }
    }

    @ViewBuilder private func proof(_ exported: ExportedReceipt) -> some View {
        Section {
            ShareLink(item: exported.receipt) {
                Label(say("app.action.share_proof"), systemImage: "square.and.arrow.up")
            }
            DisclosureGroup(say("app.details.title"), isExpanded: $showsDetails) {
                Detail(name: say("app.details.order"), value: model.order)
                Detail(name: say("app.details.record"), value: exported.entry.base64EncodedString())
            }
        } footer: {
            Text(say("app.receipt.share_note"))
        }
    }
}
