import Foundation
import Observation
import Quittance
import QuittanceApple

/// The whole app: the open wallet, its views as records, the flow on the screen. It decides nothing.
@MainActor @Observable final class AppModel {
    enum Stage {
        case opening
        /// The wallet does not open, and why.
        case stuck(Problem)
        /// The phone is not enrolled yet.
        case welcome
        case ready
    }

    enum Tab: Hashable { case permissions, security, recovery, receipts }

    enum Page: Hashable {
        case permission(String)
        case receipt(String)
    }

    /// A flow that waits for the payer or for somebody else.
    struct OpenFlow: Identifiable, Equatable {
        let id: String
        let title: String
        let asksPayer: Bool
    }

    private(set) var stage = Stage.opening
    private(set) var permissions: Permissions?
    private(set) var receipts: [ReceiptSummary] = []
    private(set) var security: SecurityCentre?
    private(set) var recovery: RecoveryReadiness?
    private(set) var enrolment: Enrolment?
    private(set) var openFlows: [OpenFlow] = []
    private(set) var news: [News] = []
    private(set) var isOffline = false
    /// What the wallet that is to be erased left; absent until it was asked.
    private(set) var parting: Parting?

    var tab = Tab.permissions
    var permissionPath: [Page] = []
    var receiptPath: [Page] = []
    /// The flow on the screen.
    var flow: FlowModel?
    /// Whether the lock's password is being chosen.
    var setsLockPassword = false
    /// Whether a new PIN is being chosen, outside of the recovery that opened the way.
    var choosesPin = false
    /// The permissions that are being chosen to be stopped together; absent: none are.
    var chosen: Set<String>?

    /// Whether no real money moves.
    let isTrial: Bool
    let work = Work()
    @ObservationIgnored private(set) var wallet: (any WalletProtocol)?
    /// The link that opened the app, until there is a wallet to follow it with.
    @ObservationIgnored private var earlyLink: URL?
    /// The contact that nobody asked for, while it goes on.
    @ObservationIgnored private(set) var contacting: Task<Void, Never>?
    @ObservationIgnored private var contactsAgain = false
    /// The first number of news that this process has not heard yet.
    @ObservationIgnored private var unheard: UInt64 = 0
    /// The last number that was on the screen.
    @ObservationIgnored private var shown: UInt64?
    @ObservationIgnored private let occasions: Occasions
    @ObservationIgnored private let facts: @Sendable () -> PhoneFacts
    @ObservationIgnored private let open: @Sendable () async throws -> any WalletProtocol
    @ObservationIgnored private let forget: @Sendable () throws -> Void

    /// `facts` tells what protects the phone itself; `open` opens its wallet, and is asked again after a failure; `forget`
    /// erases what it left behind, for a phone whose keys are gone; `network` and `pause` say when to speak with the
    /// gateway unasked.
    init(
        isTrial: Bool = false, facts: @escaping @Sendable () -> PhoneFacts,
        network: any NetworkWatch = SystemNetwork(), pause: @escaping Occasions.Pause = Occasions.byTheClock,
        open: @escaping @Sendable () async throws -> any WalletProtocol,
        forget: @escaping @Sendable () throws -> Void = {}
    ) {
        self.isTrial = isTrial
        occasions = Occasions(network: network, pause: pause)
        self.facts = facts
        self.open = open
        self.forget = forget
    }

    // MARK: Opening

    func start() async {
        (stage, parting) = (.opening, nil)
        do {
            let wallet: any WalletProtocol = if let known = self.wallet { known } else { try await open() }
            self.wallet = wallet
            enrolment = try await wallet.enrolment()
            if enrolment == nil {
                stage = .welcome
            } else {
                try await refresh()
                stage = .ready
                if occasions.isInFront { contactUnasked() }
            }
            if let link = earlyLink {
                earlyLink = nil
                follow(link)
            }
        } catch {
            stage = .stuck(Problem(error))
        }
    }

    /// Shows the page that offers to set the phone up again; nothing is erased by looking at it.
    func offerSettingUp(_ problem: Problem) {
        flow = nil
        stage = .stuck(problem)
    }

    /// Begins with an empty wallet. The old one, where it still opens, stops first what it allowed and gives its receipts;
    /// the payer is told what came of that, and only the next call erases it.
    func setUpAgain() async {
        if parting == nil {
            await part()
            if parting != nil { return }
        }
        wallet = nil
        // A contact that returned meanwhile waits for its turn, and the erasing waits for that contact.
        work.afterwards { [self] in await erase() }
    }

    /// Asks the wallet that is to be erased for what is left to do, as often as the payer likes.
    func part() async {
        if wallet == nil { wallet = try? await open() }
        guard let wallet else { return }
        let left = await Parting(wallet)
        if left?.isNews == true || parting != nil { parting = left }
    }

    private func erase() async {
        // A contact that goes on still has the wallet, and with it the folder.
        await contacting?.value
        earlyLink = nil
        // Another wallet has numbers of its own, and none of the old one's pages.
        (news, unheard, shown) = ([], 0, nil)
        (tab, permissionPath, receiptPath, chosen) = (.permissions, [], [], nil)
        (flow, setsLockPassword, choosesPin) = (nil, false, false)
        do {
            try forget()
        } catch {
            stage = .stuck(Problem(error))
            return
        }
        await start()
    }

    func enrol(_ pin: Digits) {
        act { [self] wallet in
            defer { pin.overwrite() }
            do {
                enrolment = try await wallet.enrol(pin: pin.data)
            } catch WalletError.Biometric(reason: .NotEnrolled) {
                throw NoBiometrics()
            }
            try await refresh()
            tell("app.enrol.done.title")
            tell("app.enrol.done.body")
            stage = .ready
        }
    }

    // MARK: What is shown

    /// Reads every view from the phone, without a network.
    func refresh() async throws {
        guard let wallet else { return }
        permissions = try await wallet.permissions()
        receipts = try await wallet.receipts()
        security = try await wallet.security(phone: facts())
        recovery = try await wallet.recoveryReadiness()
        var open: [OpenFlow] = []
        for id in try await wallet.openFlows() {
            guard let prompt = try await wallet.nextPrompt(flow: id) else { continue }
            open.append(OpenFlow(id: id, title: words(prompt.title), asksPayer: asksPayer(prompt: prompt)))
        }
        openFlows = open
    }

    /// Speaks with the gateway, then tells what is new.
    func sync() {
        act { [self] wallet in try await contact(wallet) }
    }

    /// What stops charges now.
    var stopping: Stopping? { security?.stopping }

    /// Tells the name of a service by its permission.
    func service(of mandate: String) -> String {
        permissions?.permissions.first { $0.mandate == mandate }?.terms.service ?? ""
    }

    private func tell(_ key: String) {
        news.append(News(say(key)))
    }

    func isRead(_ item: News) {
        news.removeAll { $0.id == item.id }
    }

    /// Whether the page that tells news is on the screen, with nothing above it.
    var showsNews: Bool { tab == .permissions && permissionPath.isEmpty && flow == nil && !choosesPin }

    /// The payer has it before their eyes: with the next contact the wallet may forget it. Until then, a process that ends
    /// leaves it to the next one.
    func isShown(_ item: News) {
        guard let number = item.number else { return }
        shown = max(shown ?? number, number)
    }

    // MARK: Stopping, pausing, turning on

    func turn(_ mandate: String, on: Bool) {
        act { [self] wallet in
            if on {
                try await wallet.resume(mandates: [mandate])
            } else {
                try await wallet.pause(mandates: [mandate])
            }
            try await contact(wallet)
        }
    }

    func pauseEverything() {
        act { [self] wallet in
            _ = try await wallet.lockNow()
            try await contact(wallet)
        }
    }

    func stop(_ scope: StopScope) {
        act { [self] wallet in
            try await wallet.stop(scope: scope)
            try await contact(wallet)
        }
    }

    func setLockPassword(_ pin: Digits, _ password: Digits, done: @escaping @MainActor () -> Void) {
        act { [self] wallet in
            defer { for digits in [pin, password] { digits.overwrite() } }
            try await wallet.setLockPassword(paymentPin: pin.data, password: password.data)
            try await refresh()
            tell("app.lock_password.done")
            done()
        }
    }

    func chooseNewPin(_ pin: Digits) {
        act { [self] wallet in
            defer { pin.overwrite() }
            try await wallet.chooseNewPin(pin: pin.data)
            flow = nil
            choosesPin = false
            news.removeAll(where: \.opensPin)
            try await refresh()
            tell("app.recovery.done")
        }
    }

    func vouch(_ request: News.Request, approves: Bool) {
        act { [self] wallet in
            try await wallet.vouch(
                flow: request.flow, requester: request.requester, purpose: request.purpose, approves: approves)
            tell("app.vouch.sent")
        }
    }

    // MARK: Flows

    func begin(_ definition: String, _ mandates: [String] = [], wish: Wish? = nil) {
        act { [self] wallet in
            try await show(try await wallet.begin(definition: definition, mandates: mandates, wish: wish), wallet)
        }
    }

    func sign(_ offer: String) {
        act { [self] wallet in
            try await show(try await wallet.startSign(offer: offer, locale: Manner.current.language), wallet)
        }
    }

    func stopChosen() {
        let mandates = (chosen ?? []).sorted()
        act { [self] wallet in
            let flow = try await wallet.startRevoke(mandates: mandates)
            chosen = nil
            try await show(flow, wallet)
        }
    }

    /// Goes on with a flow that was begun before.
    func goOn(_ flow: String) {
        act { [self] wallet in try await show(flow, wallet, isResumed: true) }
    }

    /// Comes back from another app; a link of strangers changes nothing, and says so. What is under way ends first, the
    /// opening of the wallet, too.
    func follow(_ link: URL) {
        work.afterwards { [self] in
            guard let wallet else {
                earlyLink = link
                return
            }
            try await show(try await wallet.resumeLink(link: link.absoluteString), wallet, isResumed: true)
        }
    }

    private func show(_ id: String, _ wallet: any WalletProtocol, isResumed: Bool = false) async throws {
        let model = FlowModel(flow: id, wallet: wallet, work: work, isResumed: isResumed) { [weak self] in
            self?.flow = nil
            try? await self?.contact(wallet)
        }
        try await model.load()
        if model.prompt != nil { flow = model }
    }

    // MARK: Contact

    func cameToFront() {
        // What kept the wallet from opening may have passed meanwhile: a locked phone, another process, no screen lock.
        if !occasions.isInFront, case .stuck(let problem) = stage, problem.reaction != .reenrol {
            work.begin { [self] in await start() }
        }
        occasions.begin { [weak self] in self?.contactUnasked() }
    }

    func wentAway() {
        occasions.end()
    }

    /// Speaks with the gateway on an occasion. Nothing waits for it: without a network a contact may take long, and what
    /// the payer does meanwhile comes first.
    private func contactUnasked() {
        guard let wallet, case .ready = stage else { return }
        contactsAgain = true
        if contacting != nil { return }
        contacting = Task {
            while contactsAgain {
                contactsAgain = false
                await hearUnasked(wallet)
            }
            contacting = nil
        }
    }

    /// A contact that fails is no news to a payer who asked for none, but for what says that somebody cheats.
    private func hearUnasked(_ wallet: any WalletProtocol) async {
        do {
            let report = try await wallet.sync()
            // Whoever lets go of the wallet waits for this contact, which must not wait for them.
            if wallet !== self.wallet { return }
            await work.aside { [self] in
                // Another wallet may have been set up meanwhile.
                if wallet === self.wallet { try? await take(report, wallet) }
            }
        } catch {
            let problem = Problem(error)
            if problem.reaction == .alarm { work.problem = problem }
        }
    }

    private func contact(_ wallet: any WalletProtocol) async throws {
        try await take(try await wallet.sync(), wallet)
    }

    /// Takes over what a contact came to, then tells what is new.
    private func take(_ report: SyncReport, _ wallet: any WalletProtocol) async throws {
        isOffline = !report.online
        occasions.plan(report.nextAttempt)
        try await refresh()
        for told in try await wallet.news(shown: shown) where told.number >= unheard {
            if let item = News(told, names: { service(of: $0) }) { news.append(item) }
            unheard = told.number + 1
        }
        if let flow { try await flow.load() }
    }

    /// Does something with the wallet, unless something is under way.
    func act(_ job: @escaping @MainActor (any WalletProtocol) async throws -> Void) {
        guard let wallet else { return }
        work.begin { try await job(wallet) }
    }
}
