import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// A form with files, as RFC 7578 has it, read strictly: whole, from memory, with few parts and short headers.
struct MultipartForm: Sendable {
    /// A file that was sent. Its own name is for people to read, never for a file system.
    struct File: Sendable, Equatable {
        let displayName: String
        let bytes: [UInt8]
    }

    private(set) var fields: [String: String] = [:]
    private(set) var files: [String: File] = [:]

    private static let partLimit = 24
    private static let headerLimit = 4 << 10
    private static let fieldLimit = 1 << 20

    /// - Parameters:
    ///   - contentType: The header with the boundary.
    ///   - fileFields: Fields that are files, whether or not they have a file name; the others are texts.
    /// - Throws: 400 for anything that is no such form.
    init(_ bytes: [UInt8], contentType: String, fileFields: Set<String>) throws(APIError) {
        let boundary = try Self.boundary(of: contentType)
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter has no line end before it.
        guard bytes.starts(with: delimiter.dropFirst(2)) else { throw Self.fault("does not begin with its boundary") }
        var rest = bytes[(delimiter.count - 2)...]
        var count = 0
        while !rest.starts(with: [0x2D, 0x2D]) {
            guard rest.starts(with: [13, 10]) else { throw Self.fault("has a broken boundary") }
            rest = rest.dropFirst(2)
            count += 1
            guard count <= Self.partLimit else { throw Self.fault("has more than \(Self.partLimit) parts") }
            guard let end = Self.find(delimiter, in: rest) else { throw Self.fault("ends in the middle of a part") }
            try take(rest[..<end], fileFields)
            rest = rest[(end + delimiter.count)...]
        }
    }

    private mutating func take(_ part: ArraySlice<UInt8>, _ fileFields: Set<String>) throws(APIError) {
        let head: ArraySlice<UInt8>
        let content: ArraySlice<UInt8>
        let gap: [UInt8] = [13, 10, 13, 10]
        if let end = Self.find(gap, in: part.prefix(Self.headerLimit)) {
            (head, content) = (part[..<end], part[(end + gap.count)...])
        } else {
            throw Self.fault("has a part without a short header")
        }
        guard let text = String(validating: head, as: UTF8.self) else {
            throw Self.fault("has a header that is no text")
        }
        var disposition: String?
        for line in text.components(separatedBy: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { throw Self.fault("has a broken header") }
            let name = line[..<colon].lowercased()
            if name == "content-disposition" {
                guard disposition == nil else { throw Self.fault("has a part with two names") }
                disposition = String(line[line.index(after: colon)...])
            }
            if name == "content-transfer-encoding" { throw Self.fault("has a part that is packed") }
        }
        let parameters = try Self.parameters(disposition ?? "")
        guard parameters[""] == "form-data", let name = parameters["name"], (1...100).contains(name.utf8.count) else {
            throw Self.fault("has a part without a name")
        }
        guard fields[name] == nil, files[name] == nil else {
            throw Self.fault("has two parts of the name \(name.shown())")
        }
        if fileFields.contains(name) {
            files[name] = File(displayName: (parameters["filename"] ?? "").shown(), bytes: Array(content))
        } else {
            guard content.count <= Self.fieldLimit, let value = String(validating: content, as: UTF8.self) else {
                throw APIError.bad(name.shown(), "The field \(name.shown()) must be a text in UTF-8.")
            }
            fields[name] = value
        }
    }

    private static func boundary(of contentType: String) throws(APIError) -> String {
        let parameters = try parameters(contentType)
        guard parameters[""] == "multipart/form-data", let boundary = parameters["boundary"],
            (1...70).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ (0x21...0x7E).contains($0) || $0 == 0x20 }), !boundary.hasSuffix(" ")
        else { throw fault("has no boundary") }
        return boundary
    }

    /// `value; name=token; name="quoted"`; the value itself is under "".
    private static func parameters(_ header: String) throws(APIError) -> [String: String] {
        var found: [String: String] = [:]
        var rest = Substring(header)
        func trim(_ text: Substring) -> Substring { text.drop { $0 == " " || $0 == "\t" } }
        let value = rest.prefix { $0 != ";" }
        found[""] = value.trimmingCharacters(in: .whitespaces).lowercased()
        rest = rest.dropFirst(value.count)
        while rest.first == ";" {
            rest = trim(rest.dropFirst())
            if rest.isEmpty { break }
            let name = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=" else { throw fault("has a broken header") }
            rest = rest.dropFirst()
            var value = ""
            if rest.first == "\"" {
                rest = rest.dropFirst()
                var isClosed = false
                while let character = rest.popFirst() {
                    if character == "\"" {
                        isClosed = true
                        break
                    }
                    if character == "\\", let next = rest.popFirst() {
                        value.append(next)
                    } else {
                        value.append(character)
                    }
                }
                guard isClosed else { throw fault("has a broken header") }
                rest = trim(rest)
            } else {
                let token = rest.prefix { $0 != ";" }
                rest = rest.dropFirst(token.count)
                value = token.trimmingCharacters(in: .whitespaces)
            }
            let key = name.trimmingCharacters(in: .whitespaces).lowercased()
            guard found[key] == nil else { throw fault("has a broken header") }
            found[key] = value
        }
        guard rest.isEmpty else { throw fault("has a broken header") }
        return found
    }

    /// Where a pattern begins.
    private static func find(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard let first = pattern.first else { return nil }
        return bytes.withUnsafeBufferPointer { buffer -> Int? in
            var index = 0
            while index + pattern.count <= buffer.count {
                if buffer[index] == first, pattern.indices.allSatisfy({ buffer[index + $0] == pattern[$0] }) {
                    return bytes.startIndex + index
                }
                index += 1
            }
            return nil
        }
    }

    private static func fault(_ what: String) -> APIError {
        APIError(.badRequest, code: "invalid_form", "The form \(what).")
    }
}

extension Exchange {
    /// Reads the body as a form with files.
    ///
    /// - Parameters:
    ///   - limit: Bytes of the whole body.
    ///   - files: Fields that are files.
    /// - Throws: What ``body(limit:)`` throws, 415 for another type, 400 for a broken form.
    func form(limit: Int, files: Set<String>) async throws -> MultipartForm {
        guard mediaType == "multipart/form-data", let type = request.headers[.contentType] else {
            throw unread(
                .unsupportedMediaType, "unsupported_media_type", "Send the body as multipart/form-data, with the files."
            )
        }
        return try MultipartForm(try await body(limit: limit), contentType: type, fileFields: files)
    }
}

extension MultipartForm {
    /// The texts as if they had been sent as JSON: what reads as a number or truth is one, where one is wanted.
    func json(plain: Set<String>) -> JSONFields { JSONFields(texts: fields, plain: plain) }

    /// A file that must be there.
    func file(_ name: String) throws(APIError) -> File {
        guard let file = files[name] else {
            throw APIError.bad(name, code: "missing_required_parameter", "The file \(name) is missing.")
        }
        guard !file.bytes.isEmpty else { throw APIError.bad(name, code: "empty_file", "The file \(name) is empty.") }
        return file
    }
}
