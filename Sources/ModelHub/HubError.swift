/// Why a model could not be downloaded or removed.
public enum HubError: Error, Equatable, CustomStringConvertible {
    case badRepository(String)
    case badRevision(String)
    case badSource(String)
    /// Neither `https` nor, on this machine, `http`.
    case unsafeAddress(String)
    case unsafeRedirect(from: String, to: String)
    case redirectLoop(address: String)
    case notFound(what: String, host: String)
    case notPermitted(what: String, host: String, hasToken: Bool)
    case refused(host: String, status: Int)
    /// Tried several times.
    case unreachable(host: String, reason: String)
    case badListing(host: String, reason: String)
    /// A file name that would leave the model's folder.
    case unsafeName(String, host: String)
    case notAModel(repository: String, missing: String)
    case wrongSize(file: String, said: Int, expected: Int)
    /// The downloaded bytes are not those that the hub lists. They were deleted.
    case digestDiffers(file: String, host: String)
    case diskTooSmall(path: String, neededBytes: Int, freeBytes: Int)
    /// Another process downloads or removes this model.
    case busy(name: String)
    /// Something that was not downloaded is in the way.
    case exists(path: String)
    case notDownloaded(name: String, shelf: String)
    /// A file operation failed; `code` is the system's number.
    case file(path: String, code: Int32)

    public var description: String {
        switch self {
        case .badRepository(let name):
            "'\(name)' names no model on a hub; write it as OWNER/NAME, like openbmb/VoxCPM1.5"
        case .badRevision(let name): "'\(name)' is no revision; give a branch, a tag or a commit"
        case .badSource(let name): "'\(name)' is no hub; say huggingface, modelscope, or the https address of a mirror"
        case .unsafeAddress(let address):
            "\(address) is not fetched: only https is, and http from this machine; give an https address"
        case .unsafeRedirect(let from, let to):
            "\(from) sends on to \(to), which is not https; nothing was fetched from there; try another mirror"
        case .redirectLoop(let address): "\(address) only sends from one address to another; try another mirror"
        case .notFound(let what, let host): "\(host) has no \(what); check the spelling, or try another --from"
        case .notPermitted(let what, let host, let hasToken):
            hasToken
                ? "\(host) does not give \(what) to the owner of HF_TOKEN; accept its licence there, or use another token"
                : "\(host) gives \(what) to known users only; set HF_TOKEN to a token that may read it"
        case .refused(let host, let status):
            "\(host) answered with status \(status); try again later, or another --from"
        case .unreachable(let host, let reason):
            "\(host) could not be used (\(reason)); what was fetched is kept: check the network and start again"
        case .badListing(let host, let reason):
            "the list of files of \(host) cannot be used (\(reason)); try another --from"
        case .unsafeName(let name, let host):
            "\(host) lists a file '\(name)', whose name leaves the model's folder; do not trust this source"
        case .notAModel(let repository, let missing):
            "\(repository) is no model that Mynah can run: it has no \(missing)"
        case .wrongSize(let file, let said, let expected):
            "\(file) should have \(expected) bytes, but \(said) were offered; try again later, or another --from"
        case .digestDiffers(let file, let host):
            "what \(host) gave for \(file) is not what its digest promises; "
                + "it was deleted: start again, or try another --from"
        case .diskTooSmall(let path, let needed, let free):
            "\(needed >> 20) MiB are needed in \(path), but \(max(free, 0) >> 20) MiB are free; "
                + "make room, or choose another --to"
        case .busy(let name): "another Mynah is downloading or removing \(name); wait for it or stop it"
        case .exists(let path):
            "\(path) is there and was not downloaded by Mynah; move it away, or add --force to replace it"
        case .notDownloaded(let name, let shelf):
            "there is no downloaded model '\(name)' in \(shelf); "
                + "'mynah models list' shows all, and others are yours to delete"
        case .file(let path, let code):
            "\(path) cannot be used (system error \(code)); check the disk and the permissions"
        }
    }
}
