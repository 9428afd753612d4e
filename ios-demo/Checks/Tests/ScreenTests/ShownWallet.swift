import Foundation
import Quittance

/// A wallet whose views are given: for pictures of states that are rare, at a moment that stands still.
final class ShownWallet: Wallet, @unchecked Sendable {
    var views = Permissions(permissions: [], on: 0, paused: 0, ending: 0, ended: 0, lock: nil, stops: [])
    var details: [String: PermissionDetail] = [:]
    var routes: [CancellationRoute] = []
    var closed: [ReceiptSummary] = []
    /// Why its receipts cannot be read.
    var unread: WalletError?
    var verdict = MadeUp.holds
    var stopped = Stopping(lock: nil, stops: [], lockPasswordSet: false)
    var phone: Enrolment? = Enrolment(
        account: "acc_0f3c5e7a9b1d2f4e6a8c0b2d4f6e8a0c", device: "dev_7b1d2f4e6a8c0b2d4f6e8a0c0f3c5e7a",
        evidenceLevel: .e0, keyStore: .hardware)
    var asked: Prompt?
    var items: [ItemResult] = []
    /// What the payer should know, and was not shown yet.
    var happened: [WalletEvent] {
        get { kept.map(\.event) }
        set { kept = newValue.map { WalletNews(number: nextNumber(), event: $0) } }
    }
    private var kept: [WalletNews] = []
    private var numbers: UInt64 = 0
    var open: [String] = []
    var isOnline = true
    var failure: WalletError?
    var isStuck = false
    /// Whether the gateway put it in quarantine, which its check-up alone says then.
    var isQuarantined = false
    /// When it wants to speak with the gateway again, and why it could not.
    var nextAttempt: Date?
    var unheard: WalletError?
    /// Ends the next contact; absent: it ends by itself.
    var held: AsyncStream<Void>?
    private(set) var stops: [StopScope] = []
    /// The secrets that it was given.
    private(set) var secrets: [String] = []
    /// One for each contact.
    let contacts = AsyncStream.makeStream(of: Void.self)

    private var isOver: Bool {
        switch asked?.kind {
        case .done, .scheduled, .refused: true
        default: false
        }
    }

    init() { super.init(noHandle: NoHandle()) }
    required init(unsafeFromHandle handle: UInt64) { super.init(unsafeFromHandle: handle) }

    override func enrolment() async throws -> Enrolment? {
        if isStuck { throw WalletError.Keystore(reason: .KeyInvalidated) }
        return phone
    }

    override func permissions() async throws -> Permissions { views }
    override func receipts() async throws -> [ReceiptSummary] {
        if let unread { throw unread }
        return closed
    }

    override func security(phone: PhoneFacts) async throws -> SecurityCentre {
        isQuarantined ? MadeUp.quarantine(stopped) : MadeUp.centre(stopped)
    }
    override func recoveryReadiness() async throws -> RecoveryReadiness { MadeUp.recovery }
    override func verifyReceipt(order: String) async throws -> ReceiptVerdict { verdict }
    override func openFlows() async throws -> [String] { open }
    override func news(shown: UInt64?) async throws -> [WalletNews] {
        if let shown { kept.removeAll { $0.number <= shown } }
        return kept
    }
    override func nextPrompt(flow: String) async throws -> Prompt? { isOver ? nil : asked }
    override func closingPrompt(flow: String) async throws -> Prompt? { isOver ? asked : nil }
    override func batchResults(flow: String) async throws -> [ItemResult] { items }
    override func refreshHistory(mandate: String) async throws {}
    override func cancellationRoutes(mandate: String) async throws -> [CancellationRoute] { routes }

    override func begin(definition: String, mandates: [String], wish: Wish?) async throws -> String { "flo_1" }

    override func submit(flow: String, answer: Answer) async throws {
        switch answer {
        case .paymentPin(let digits), .lockPassword(let digits), .code(let digits): keep(digits)
        default: break
        }
        if let failure { throw failure }
    }

    override func enrol(pin: Data) async throws -> Enrolment {
        keep(pin)
        throw failure ?? .Offline
    }

    override func setLockPassword(paymentPin: Data, password: Data) async throws {
        keep(paymentPin)
        keep(password)
        if let failure { throw failure }
    }

    override func chooseNewPin(pin: Data) async throws {
        keep(pin)
        if let failure { throw failure }
    }

    private func nextNumber() -> UInt64 {
        defer { numbers += 1 }
        return numbers
    }

    private func keep(_ secret: Data) {
        secrets.append(String(decoding: secret, as: UTF8.self))
    }

    override func sync() async throws -> SyncReport {
        if let held {
            self.held = nil
            for await _ in held { break }
        }
        defer { contacts.continuation.yield() }
        if let unheard { throw unheard }
        return SyncReport(online: isOnline, sent: 0, waiting: 0, nextAttempt: nextAttempt, closed: [])
    }

    override func stop(scope: StopScope) async throws { stops.append(scope) }

    override func permission(mandate: String) async throws -> PermissionDetail {
        guard let detail = details[mandate] else { throw WalletError.Unknown(what: "mandate") }
        return detail
    }

    override func mandate(mandate: String) async throws -> Mandate {
        guard let terms = views.permissions.first(where: { $0.mandate == mandate })?.terms else {
            throw WalletError.Unknown(what: "mandate")
        }
        return Mandate(
            mandate: mandate, merchant: "", terms: terms, state: .ended, holds: [], phoneHalf: .destroyed,
            gatewayHalf: .destroyed, canPay: false, permitsAhead: 0, permitsUntil: nil, activeSince: nil, ending: nil)
    }

    override func exportReceipt(order: String) async throws -> ExportedReceipt {
        ExportedReceipt(
            receipt: "c2sp.org/tlog-proof@v1\n", annexJson: "{}", logVkey: "", entry: Data("quittance-entry/1".utf8),
            statements: [], jwks: "{}")
    }
}
