import Quittance
import SwiftUI

/// Everything that can charge the payer, in groups.
struct PermissionsView: View {
    @Environment(AppModel.self) private var model
    @State private var readsOffer = false
    @State private var showsEnded = false

    var body: some View {
        @Bindable var model = model
        NavigationStack(path: $model.permissionPath) {
            list
                .navigationTitle(say("app.permissions.title"))
                .navigationDestination(for: AppModel.Page.self) { page in
                    switch page {
                    case .permission(let mandate): PermissionView(mandate: mandate)
                    case .receipt(let order): ReceiptView(order: order)
                    }
                }
                .toolbar {
                    ToolbarItem(placement: .primaryAction) {
                        Button(say("app.action.read_offer"), systemImage: "plus") { readsOffer = true }
                    }
                }
        }
        .sheet(isPresented: $readsOffer) { OfferView().environment(model).covered() }
    }

    private var list: some View {
        List {
            NewsSection()
            OpenFlowsSection()
            StopSection()
            if let permissions = model.permissions {
                if permissions.permissions.isEmpty { empty }
                group(.on, permissions)
                group(.paused, permissions)
                group(.ending, permissions)
                ended(permissions)
            }
        }
        .refreshable { await refresh() }
    }

    private var empty: some View {
        ContentUnavailableView(
            say("app.permissions.empty.title"), systemImage: "list.bullet",
            description: Text(say("app.permissions.empty.body")))
    }

    @ViewBuilder private func group(_ group: PermissionGroup, _ all: Permissions) -> some View {
        let members = all.permissions.filter { $0.group == group }
        if !members.isEmpty {
            Section(say("app.group." + keyName(group), ["count": count(members.count)])) {
                ForEach(members, id: \.mandate) { PermissionRow(permission: $0) }
            }
        }
    }

    /// Collapsed, but counted.
    @ViewBuilder private func ended(_ all: Permissions) -> some View {
        let members = all.permissions.filter { $0.group == .ended }
        if !members.isEmpty {
            Section {
                DisclosureGroup(
                    say("app.group.ended", ["count": count(members.count)]), isExpanded: $showsEnded
                ) {
                    ForEach(members, id: \.mandate) { PermissionRow(permission: $0) }
                }
                .accessibilityHint(say(showsEnded ? "app.action.hide_ended" : "app.action.show_ended"))
            }
        }
    }

    private func refresh() async {
        model.sync()
        await model.work.finished()
    }
}

/// One permission: who, what it may take next, where it stands, its switch.
struct PermissionRow: View {
    @Environment(AppModel.self) private var model
    let permission: Permission

    var body: some View {
        if let chosen = model.chosen {
            Button {
                choose(chosen)
            } label: {
                HStack {
                    Image(systemName: chosen.contains(permission.mandate) ? "checkmark.square.fill" : "square")
                    words
                }
            }
            .buttonStyle(.plain)
            .disabled(!permission.hasSwitch)
            .accessibilityIdentifier("choose-" + permission.terms.service)
        } else {
            NavigationLink(value: AppModel.Page.permission(permission.mandate)) { words }
                .accessibilityIdentifier("permission-" + permission.terms.service)
            if permission.hasSwitch { PermissionSwitch(permission: permission) }
        }
    }

    private var words: some View {
        VStack(alignment: .leading) {
            Text(permission.terms.service).font(.headline)
            Text(permission.terms.merchantName).font(.subheadline).foregroundStyle(.secondary)
            if !permission.hasSwitch {
                Label(permission.stateWord, systemImage: permission.stateSymbol).font(.subheadline)
            }
            if let ending = permission.ending {
                Text(ending.sentence).font(.footnote).foregroundStyle(.secondary)
            } else if permission.hasSwitch {
                Text(permission.next).font(.footnote).foregroundStyle(.secondary)
            }
            if permission.systemDefault { Text(say("app.terms.system_default")).font(.footnote) }
        }
        .accessibilityElement(children: .combine)
    }

    private func choose(_ chosen: Set<String>) {
        model.chosen = chosen.symmetricDifference([permission.mandate])
    }
}

/// Pauses a permission, or turns it on again.
struct PermissionSwitch: View {
    @Environment(AppModel.self) private var model
    let permission: Permission

    var body: some View {
        Toggle(isOn: isOn) { Label(permission.stateWord, systemImage: permission.stateSymbol) }
            .disabled(model.work.isBusy || (!permission.switchOn && !permission.canTurnOn))
            .accessibilityLabel(permission.terms.service)
            .accessibilityHint(permission.switchHint)
            .accessibilityIdentifier("switch-" + permission.terms.service)
    }

    private var isOn: Binding<Bool> {
        let (model, permission) = (model, permission)
        return Binding(get: { permission.switchOn }, set: { model.turn(permission.mandate, on: $0) })
    }
}

/// What stops everything at once; stopping several begins here, too.
struct StopSection: View {
    @Environment(AppModel.self) private var model
    @State private var asks = false

    var body: some View {
        Section {
            if model.isOffline {
                Label(say("app.permissions.offline"), systemImage: "wifi.slash").font(.footnote)
            }
            if let chosen = model.chosen {
                Text(say("app.several.body"))
                Button(say("app.action.stop")) { model.stopChosen() }
                    .buttonStyle(.borderedProminent)
                    .disabled(chosen.isEmpty || model.work.isBusy)
                    .accessibilityIdentifier("stop-chosen")
                Text(say("app.several.chosen", ["count": count(chosen.count)])).font(.footnote)
                Button(say("app.action.cancel")) { model.chosen = nil }
            } else {
                if let lock = model.stopping?.lock {
                    Label(say("app.lock.on", ["until": .moment(lock.until)]), systemImage: "lock")
                } else {
                    Button(say("app.action.pause_everything"), systemImage: "lock") { asks = true }
                        .disabled(model.work.isBusy)
                        .accessibilityIdentifier("pause-everything")
                        .sheet(isPresented: $asks) { PauseEverythingView().environment(model).covered() }
                }
                if (model.permissions?.permissions.filter(\.hasSwitch).count ?? 0) > 1 {
                    Button(say("app.action.stop_several")) { model.chosen = [] }
                }
            }
        } footer: {
            if model.isTrial { Text(say("app.sandbox.notice")) }
            if let stale = model.permissions?.permissions.first(where: \.stale) { Text(stale.age) }
        }
    }
}

/// What pausing everything does, before it does it.
struct PauseEverythingView: View {
    @Environment(AppModel.self) private var model
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        NavigationStack {
            List {
                Section {
                    Text(say("app.lock.now.body"))
                }
                Section {
                    Button(say("app.action.pause_everything")) {
                        model.pauseEverything()
                        dismiss()
                    }
                    .buttonStyle(.borderedProminent)
                    .accessibilityIdentifier("confirm-pause")
                    Button(say("app.action.keep")) { dismiss() }
                        .buttonStyle(.bordered)
                }
            }
            .navigationTitle(say("app.lock.now.title"))
        }
    }
}

/// What happened since the payer last looked, until it was read.
struct NewsSection: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        if !model.news.isEmpty {
            Section {
                ForEach(model.news) { item in
                    NewsRow(item: item)
                }
            }
        }
    }
}

struct NewsRow: View {
    @Environment(AppModel.self) private var model
    let item: News

    var body: some View {
        VStack(alignment: .leading) {
            Label(item.text, systemImage: "bell")
            if let receipt = item.receipt {
                Button(say("app.action.see_receipt")) {
                    model.isRead(item)
                    model.permissionPath = [.receipt(receipt)]
                }
                .buttonStyle(.borderless)
            }
            if let mandate = item.unstopped {
                Button(say("app.action.ways_to_stop")) {
                    model.isRead(item)
                    model.permissionPath = [.permission(mandate)]
                }
                .buttonStyle(.borderless)
            }
            if item.leadsToSecurity {
                Button(say("app.tab.security")) {
                    model.isRead(item)
                    model.tab = .security
                }
                .buttonStyle(.borderless)
                .accessibilityIdentifier("news-security")
            }
            if item.opensPin {
                // It stays until a PIN was chosen, or it was closed.
                Button(say("app.recovery.new_pin.title")) { model.choosesPin = true }
                    .buttonStyle(.borderless)
                    .disabled(model.work.isBusy)
                    .accessibilityIdentifier("news-new-pin")
            }
            if let request = item.request {
                VouchPart(request: request, isOwn: request.requester == model.enrolment?.account) { approves in
                    model.isRead(item)
                    model.vouch(request, approves: approves)
                }
            } else {
                Button(say("app.action.close")) { model.isRead(item) }
                    .buttonStyle(.borderless)
                    .accessibilityLabel(say("app.action.close") + " " + item.text)
            }
        }
        .onChange(of: model.showsNews, initial: true) { _, isShown in
            if isShown { model.isShown(item) }
        }
    }
}

/// Somebody asks to be vouched for, or to be let into this very account.
struct VouchPart: View {
    let request: News.Request
    let isOwn: Bool
    let answer: @MainActor (Bool) -> Void

    var body: some View {
        Text(say(isOwn ? "app.vouch.own.title" : "app.vouch.title")).font(.headline)
        if !isOwn { Text(say("app.vouch." + purpose)) }
        Text(say(isOwn ? "app.vouch.own.body" : "app.vouch.body")).font(.footnote)
        Button(say(isOwn ? "app.action.it_is_me" : "app.action.vouch")) { answer(true) }
            .buttonStyle(.bordered)
        Button(say(isOwn ? "app.action.object" : "app.action.do_not_vouch")) { answer(false) }
            .buttonStyle(.bordered)
    }

    private var purpose: String {
        if request.purpose.hasPrefix("recovery.") { return "pin" }
        return request.purpose.hasPrefix("teen.") ? "teen" : "other"
    }
}

/// Flows that were begun and are not over.
struct OpenFlowsSection: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        if !model.openFlows.isEmpty {
            Section(say("app.prompt.open_flows", ["count": count(model.openFlows.count)])) {
                ForEach(model.openFlows) { open in
                    Button(open.title) { model.goOn(open.id) }
                        .disabled(model.work.isBusy)
                        .accessibilityIdentifier("open-flow")
                }
            }
        }
    }
}
