import Quittance
import SwiftUI

/// One permission: what it may take, what it took, what was agreed, and every way to stop it.
struct PermissionView: View {
    @Environment(AppModel.self) private var app
    @State private var model: PermissionModel

    init(mandate: String) {
        _model = State(initialValue: PermissionModel(mandate: mandate))
    }

    var body: some View {
        List {
            if let detail = model.detail {
                PermissionSections(detail: detail, routes: model.routes, halves: model.halves)
            } else if let problem = model.problem {
                Text(problem.body)
            } else {
                ProgressView(say("app.progress.loading"))
            }
        }
        .navigationTitle(model.detail?.permission.terms.service ?? "")
        .navigationBarTitleDisplayMode(.inline)
        // Read again after everything that was done to it.
        .task(id: app.work.rounds) { await model.load(app.wallet) }
    }
}

struct PermissionSections: View {
    @Environment(AppModel.self) private var model
    @State private var showsDetails = false
    let detail: PermissionDetail
    let routes: [CancellationRoute]
    let halves: Mandate?
    @State private var changesLimits = false

    private var permission: Permission { detail.permission }

    var body: some View {
        standing
        mayTake
        took
        agreed
        if let exposure = permission.exposure {
            Section(say("app.exposure.title")) { Text(exposure.sentence) }
        }
        waysToStop
        stopsMore
        details
    }

    @ViewBuilder private var standing: some View {
        Section {
            Text(permission.terms.merchantName).font(.headline)
            if permission.hasSwitch {
                PermissionSwitch(permission: permission)
            } else {
                Label(permission.stateWord, systemImage: permission.stateSymbol)
            }
            if let ending = permission.ending {
                Text(ending.sentence)
                if let dispute = ending.dispute { Text(say("app.dispute." + keyName(dispute))) }
            }
            if let until = permission.undoUntil, let order = detail.order {
                Text(say("app.undo.until", ["until": .moment(until)]))
                Button(say("app.action.take_back")) { model.begin("mandate.undo", wish: .undoOrder(order: order)) }
                    .buttonStyle(.bordered)
                    .accessibilityIdentifier("take-back")
            }
        } footer: {
            Text(permission.age)
        }
        if !permission.holds.isEmpty {
            Section(say("app.hold.title")) {
                ForEach(permission.holds, id: \.owner) { hold in HoldRow(hold: hold) }
            }
        }
    }

    private var mayTake: some View {
        Section(say("app.terms.title")) {
            ForEach(permission.terms.bounds, id: \.self) { Text($0) }
            Text(permission.next)
            ForEach(permission.terms.conditions, id: \.self) {
                Text($0).font(.subheadline).foregroundStyle(.secondary)
            }
            if permission.hasSwitch {
                Button(say("app.action.change_limits")) { changesLimits = true }
                    .disabled(model.work.isBusy)
                    .sheet(isPresented: $changesLimits) {
                        LimitsView(permission: permission).environment(model).covered()
                    }
            }
        }
    }

    /// Stops more than this one permission.
    @ViewBuilder private var stopsMore: some View {
        if permission.group != .ended {
            Section {
                Button(say("app.action.stop_merchant")) { model.stop(.merchant(merchant: permission.merchant)) }
                if let category = permission.terms.category {
                    Button(say("app.action.stop_category")) { model.stop(.category(category: category)) }
                }
            } footer: {
                Text(say("app.stop.body"))
            }
            .disabled(model.work.isBusy)
        }
    }

    private var took: some View {
        Section {
            if let taken = permission.taken, taken.charges > 0 {
                Text(say("app.taken.in_period", ["amount": .amount(taken.inPeriod)]))
                Text(
                    say("app.taken.in_total", ["amount": .amount(taken.inTotal), "charges": count(taken.charges)]))
                if let last = taken.lastAt { Text(say("app.taken.last", ["at": .moment(last)])) }
            } else {
                Text(say("app.taken.none"))
            }
            if detail.history.isEmpty { Text(say("app.history.empty")) }
            ForEach(detail.history, id: \.charge) { charge in ChargeRow(charge: charge) }
        } header: {
            Text(say("app.taken.title"))
        } footer: {
            Text(
                detail.historyAsOf.map { say("app.history.as_of", ["as_of": .moment($0)]) }
                    ?? say("app.history.never"))
        }
    }

    private var agreed: some View {
        Section(say("app.agreed.title")) {
            Text(
                detail.agreed.activeSince.map { say("app.agreed.since", ["since": .moment($0)]) }
                    ?? say("app.agreed.not_yet"))
            if let at = detail.agreed.signedAt {
                let key = detail.agreed.onThisPhone ? "app.agreed.signed_here" : "app.agreed.signed_elsewhere"
                Text(say(key, ["at": .moment(at)]))
            }
            Text(say("app.agreed.language", ["language": .words(language)]))
        }
    }

    private var language: String {
        switch detail.agreed.locale.prefix(2) {
        case "en": say("app.language.en")
        case "zh": say("app.language.zh_hans")
        default: say("app.language.other")
        }
    }

    private var waysToStop: some View {
        Section(say("app.ways.title")) {
            if routes.allSatisfy({ $0.closed != nil }) && permission.group == .ended {
                Text(say("app.ways.none"))
            } else {
                ForEach(routes, id: \.definition) { route in
                    RouteRow(route: route, isBest: route.definition == best) {
                        model.begin(route.definition, [permission.mandate])
                    }
                }
            }
        }
    }

    private var best: String? { routes.first { $0.closed == nil }?.definition }

    private var details: some View {
        Section {
            DisclosureGroup(say("app.details.title"), isExpanded: $showsDetails) {
                Detail(name: say("app.details.permission"), value: permission.mandate)
                Detail(name: say("app.details.terms_hash"), value: detail.agreed.termsHash)
                if let halves {
                    LabeledContent(say("app.details.phone_half"), value: say("app.half." + keyName(halves.phoneHalf)))
                    LabeledContent(
                        say("app.details.service_half"),
                        value: say("app.half." + (halves.gatewayHalf.map { keyName($0) } ?? "unknown")))
                }
                if let order = detail.order { Detail(name: say("app.details.order"), value: order) }
            }
        }
    }
}

/// Who holds it, why and for how long.
struct HoldRow: View {
    let hold: HoldDetail

    var body: some View {
        VStack(alignment: .leading) {
            Text(words(hold.reason))
            Group {
                if let since = hold.since { Text(say("app.hold.since", ["since": .moment(since)])) }
                Text(
                    hold.until.map { say("app.hold.until", ["until": .moment($0)]) } ?? say("app.hold.until_lifted"))
            }
            .font(.footnote)
            .foregroundStyle(.secondary)
        }
        .accessibilityElement(children: .combine)
    }
}

/// One charge, or a refund, with its day.
struct ChargeRow: View {
    let charge: PastCharge

    var body: some View {
        VStack(alignment: .leading) {
            LabeledContent(charge.sentence, value: written(.moment(charge.at)))
                .monospacedDigit()
            if let remark = charge.remark { Text(remark).font(.footnote).foregroundStyle(.secondary) }
        }
        .accessibilityElement(children: .combine)
    }
}

/// One way to stop: its steps, when it is over, what it asks for; a closed one with its reason.
struct RouteRow: View {
    @Environment(AppModel.self) private var model
    let route: CancellationRoute
    let isBest: Bool
    let begin: @MainActor () -> Void

    var body: some View {
        VStack(alignment: .leading) {
            if let closed = route.closed {
                Text(words(route.name)).foregroundStyle(.secondary)
                Text(say("app.ways.closed", ["reason": .words(words(closed))])).font(.footnote)
            } else {
                Button(words(route.name), action: begin)
                    .buttonStyle(.bordered)
                    .disabled(model.work.isBusy)
                    .accessibilityIdentifier(route.definition)
                Text(summary).font(.footnote).foregroundStyle(.secondary)
                if !route.factors.isEmpty {
                    Text(say("app.ways.asks", ["factors": .keys(route.factors.map { "app.factor." + keyName($0) })]))
                        .font(.footnote)
                        .foregroundStyle(.secondary)
                }
            }
        }
    }

    private var summary: String {
        let end =
            route.effective == nil
            ? say("app.ways.at_once") : say("app.ways.later", ["at": .moment(route.effectiveAt)])
        let parts = [isBest ? say("app.ways.best") : nil, say("app.ways.steps", ["steps": count(route.steps)]), end]
        return parts.compactMap { $0 }.joined(separator: " · ")
    }
}

/// A name or a hash for those who want to check: shortened to the eye, whole when it is copied or read aloud.
struct Detail: View {
    let name: String
    let value: String
    @State private var isCopied = false

    var body: some View {
        VStack(alignment: .leading) {
            Text(name).font(.footnote).foregroundStyle(.secondary)
            Text(shortened(value)).monospaced().accessibilityLabel(value)
            Button(say(isCopied ? "app.details.copied" : "app.action.copy")) {
                UIPasteboard.general.string = value
                isCopied = true
            }
            .buttonStyle(.borderless)
            .accessibilityLabel(say(isCopied ? "app.details.copied" : "app.action.copy") + " " + name)
        }
    }
}
