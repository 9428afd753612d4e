import Quittance
import SwiftUI

/// The one window: opening, setting up, or the views with the flow above them.
struct RootView: View {
    @State private var model: AppModel
    @Environment(\.scenePhase) private var phase

    init(model: AppModel) {
        _model = State(initialValue: model)
    }

    var body: some View {
        content
            .tint(Color("Seed"))
            .sheet(item: $model.flow) { flow in
                FlowView(model: flow)
                    .environment(model)
                    // Leaving is an answer, too: by its button.
                    .interactiveDismissDisabled()
                    .covered()
            }
            .problem(of: model.work, when: model.flow == nil && !model.setsLockPassword && !model.choosesPin)
            .environment(model)
            .covered()
            .task { await model.start() }
            .onOpenURL { model.follow($0) }
            .onChange(of: phase, initial: true) { _, phase in
                switch phase {
                case .active: model.cameToFront()
                case .background: model.wentAway()
                default: break
                }
            }
    }

    @ViewBuilder private var content: some View {
        switch model.stage {
        case .opening: ProgressView(say("app.progress.loading"))
        case .stuck(let problem): StuckView(problem: problem)
        case .welcome: WelcomeView()
        case .ready: MainView()
        }
    }
}

/// The views beside each other.
struct MainView: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        @Bindable var model = model
        TabView(selection: $model.tab) {
            PermissionsView()
                .tabItem { Label(say("app.tab.permissions"), systemImage: "list.bullet") }
                .tag(AppModel.Tab.permissions)
            SecurityView()
                .tabItem { Label(say("app.tab.security"), systemImage: "shield") }
                .tag(AppModel.Tab.security)
            RecoveryView()
                .tabItem { Label(say("app.tab.recovery"), systemImage: "questionmark.circle") }
                .tag(AppModel.Tab.recovery)
            ReceiptsView()
                .tabItem { Label(say("app.tab.receipts"), systemImage: "doc.text") }
                .tag(AppModel.Tab.receipts)
        }
        .sheet(isPresented: $model.choosesPin) { NewPinView().environment(model).covered() }
    }
}

/// The wallet does not open: what happened, and the way forward.
struct StuckView: View {
    @Environment(AppModel.self) private var model
    @Environment(\.openURL) private var openURL
    let problem: Problem

    var body: some View {
        // Large letters need more than a screen.
        ScrollView { content }
    }

    private var content: some View {
        ContentUnavailableView {
            Label(problem.title, systemImage: "exclamationmark.triangle")
        } description: {
            Text(problem.body)
            if problem.reaction == .reenrol { Text(say("app.set_up_again.lost")) }
            if let parting = model.parting {
                Text(say(parting.isTold ? "app.set_up_again.stopped" : "app.set_up_again.not_stopped"))
                if !parting.receipts.isEmpty {
                    Text(say("app.set_up_again.receipts", ["receipts": count(parting.receipts.count)]))
                }
            }
        } actions: {
            if let parting = model.parting {
                PartingActions(parting: parting)
            } else {
                Button(say("app.action.try_again")) { model.work.begin { await model.start() } }
                    .buttonStyle(.borderedProminent)
            }
            if problem.reaction == .phoneSettings, let settings = URL(string: "app-settings:") {
                Button(say("app.action.open_settings")) { openURL(settings) }
                    .buttonStyle(.bordered)
            }
            if problem.reaction == .reenrol {
                Button(say("app.action.set_up_again")) { model.work.begin { await model.setUpAgain() } }
                    .buttonStyle(.bordered)
                    .accessibilityIdentifier("set-up-again")
            }
        }
    }
}

/// What can be done before the wallet goes, and the way back.
struct PartingActions: View {
    @Environment(AppModel.self) private var model
    let parting: Parting

    var body: some View {
        if !parting.receipts.isEmpty {
            ShareLink(item: parting.receipts.joined(separator: "\n")) {
                Label(say("app.action.share_receipts"), systemImage: "square.and.arrow.up")
            }
            .buttonStyle(.borderedProminent)
        }
        if !parting.isTold {
            Button(say("app.action.try_again")) { model.work.begin { await model.part() } }
                .buttonStyle(.bordered)
                .accessibilityIdentifier("stop-again")
        }
        Button(say("app.action.cancel")) { model.work.begin { await model.start() } }
            .buttonStyle(.bordered)
    }
}

extension View {
    /// Says what went wrong last, where this view is in front.
    func problem(of work: Work, when inFront: Bool) -> some View {
        modifier(ProblemAlert(work: work, inFront: inFront))
    }
}

private struct ProblemAlert: ViewModifier {
    @Environment(AppModel.self) private var model
    @Environment(\.openURL) private var openURL
    @Bindable var work: Work
    let inFront: Bool

    func body(content: Content) -> some View {
        content.alert(work.problem?.title ?? "", isPresented: presented) {
            if work.problem?.reaction == .phoneSettings, let settings = URL(string: "app-settings:") {
                Button(say("app.action.open_settings")) {
                    work.problem = nil
                    openURL(settings)
                }
            }
            if let problem = work.problem, problem.reaction == .reenrol {
                Button(say("app.action.set_up_again")) {
                    work.problem = nil
                    model.offerSettingUp(problem)
                }
            }
            Button(say("app.action.close"), role: .cancel) { work.problem = nil }
        } message: {
            Text(work.problem?.body ?? "")
        }
    }

    private var presented: Binding<Bool> {
        inFront ? $work.hasProblem : .constant(false)
    }
}
