#include "tests/support/strict_message.h"

#include <algorithm>
#include <cctype>

namespace switchyard::test {
namespace {

using Outcome = StrictResult::Outcome;

bool is_token(std::string_view text) {
    static constexpr std::string_view kAlso = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || kAlso.find(c) != kAlso.npos;
    });
}

bool is_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return c == '\t' || (u >= 0x20 && u != 0x7f);
    });
}

std::string lowered(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

// A line up to its CRLF. Nothing: not complete. A lone CR or LF inside is left in, and fails the checks of the text.
std::optional<std::string_view> next_line(std::string_view bytes, std::size_t& at) {
    const auto end = bytes.find("\r\n", at);
    if (end == bytes.npos) return {};
    const auto line = bytes.substr(at, end - at);
    at = end + 2;
    return line;
}

struct Reader {
    std::string_view bytes;
    std::size_t at = 0;
    StrictResult result;

    StrictResult bad(const char* why) {
        result.outcome = Outcome::bad;
        result.why = why;
        return result;
    }
    StrictResult partial() {
        result.outcome = Outcome::partial;
        return result;
    }
    StrictResult whole() {
        result.outcome = Outcome::whole;
        result.message.size = at;
        return result;
    }

    // Fields up to the empty line; sets the outcome when it is not `whole` yet.
    Outcome read_fields() {
        for (;;) {
            const auto line = next_line(bytes, at);
            if (!line) return Outcome::partial;
            if (line->empty()) return Outcome::whole;
            const auto colon = line->find(':');
            if (colon == line->npos || !is_token(line->substr(0, colon)) || !is_text(line->substr(colon + 1)))
                return Outcome::bad;
            auto value = line->substr(colon + 1);
            while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
            while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
            result.message.fields.emplace_back(lowered(line->substr(0, colon)), std::string(value));
        }
    }
    StrictResult read_chunks() {
        auto& message = result.message;
        message.chunked = true;
        for (;;) {
            auto line = next_line(bytes, at);
            if (!line) return partial();
            if (line->empty() || line->size() > 15 || !std::all_of(line->begin(), line->end(), [](char c) {
                    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
                }))
                return bad("a chunk size that is not plain");  // extensions are not expected from the proxy
            const auto size = std::stoull(std::string(*line), nullptr, 16);
            if (size == 0) break;
            if (bytes.size() - at < size + 2) return partial();
            message.body += bytes.substr(at, size);
            at += size;
            if (bytes.substr(at, 2) != "\r\n") return bad("no CRLF behind chunk data");
            at += 2;
        }
        for (;;) {
            const auto line = next_line(bytes, at);
            if (!line) return partial();
            if (line->empty()) return whole();
            const auto colon = line->find(':');
            if (colon == line->npos || !is_token(line->substr(0, colon)) || !is_text(*line))
                return bad("a bad trailer");
            message.trailers.push_back(lowered(line->substr(0, colon)));
        }
    }
    // What the framing fields say: length, chunks, or neither (nothing).
    StrictResult read_body(bool to_close, bool ended) {
        auto& message = result.message;
        const auto codings = message.values("transfer-encoding"), lengths = message.values("content-length");
        for (const auto& [name, value] : message.fields)
            if (name == "transfer_encoding" || name == "content_length")
                return bad("a framing field with an underscore");
        if (!codings.empty()) {
            if (!lengths.empty() || codings.size() > 1 || lowered(codings[0]) != "chunked" || message.minor == 0)
                return bad("transfer-encoding that is not chunked alone");
            return read_chunks();
        }
        if (!lengths.empty()) {
            const auto& text = lengths[0];
            if (lengths.size() > 1 || text.empty() || text.size() > 18 || (text.size() > 1 && text[0] == '0') ||
                !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
                return bad("a content-length that is not one number");
            const auto size = std::stoull(text);
            if (bytes.size() - at < size) return partial();
            message.body = bytes.substr(at, size);
            at += size;
            return whole();
        }
        if (!to_close) return whole();
        message.until_close = true;
        message.body = bytes.substr(at);
        at = bytes.size();
        return ended ? whole() : partial();
    }
};

}  // namespace

std::vector<std::string> StrictMessage::values(std::string_view lower_name) const {
    std::vector<std::string> out;
    for (const auto& [name, value] : fields)
        if (name == lower_name) out.push_back(value);
    return out;
}

StrictResult read_strict_request(std::string_view bytes) {
    Reader reader{bytes, 0, {}};
    auto& message = reader.result.message;
    const auto line = next_line(bytes, reader.at);
    if (!line) return reader.partial();
    const auto first = line->find(' '), last = line->rfind(' ');
    if (first == line->npos || first == last) return reader.bad("a request line without three parts");
    message.method = line->substr(0, first);
    message.target = line->substr(first + 1, last - first - 1);
    const auto version = line->substr(last + 1);
    if (!is_token(message.method)) return reader.bad("a method that is not a token");
    if (message.target.empty() ||
        !std::all_of(message.target.begin(), message.target.end(), [](char c) { return c > 0x20 && c < 0x7f; }) ||
        message.target.find('#') != std::string::npos)
        return reader.bad("a target that is not one");
    if (version.size() != 8 || !version.starts_with("HTTP/1.") || version.back() < '0' || version.back() > '9')
        return reader.bad("a version that is not HTTP/1");
    message.minor = version.back() == '0' ? 0 : 1;  // RFC 9110 §6.2
    const auto fields = reader.read_fields();
    if (fields == Outcome::bad) return reader.bad("a bad field");
    if (fields == Outcome::partial) return reader.partial();
    if (message.values("host").size() != 1 || message.values("host")[0].empty())
        return reader.bad("not exactly one host");
    return reader.read_body(false, false);
}

StrictResult read_strict_response(std::string_view bytes, std::string_view method, bool ended) {
    Reader reader{bytes, 0, {}};
    auto& message = reader.result.message;
    const auto line = next_line(bytes, reader.at);
    if (!line) return reader.partial();
    if (line->size() < 12 || !line->starts_with("HTTP/1.") || (*line)[7] < '0' || (*line)[7] > '9' ||
        (*line)[8] != ' ' || (line->size() > 12 && (*line)[12] != ' ') || !is_text(*line))
        return reader.bad("a status line that is not one");
    for (std::size_t i = 9; i < 12; ++i) {
        if ((*line)[i] < '0' || (*line)[i] > '9') return reader.bad("a status that is not a number");
        message.status = message.status * 10 + ((*line)[i] - '0');
    }
    message.minor = (*line)[7] == '0' ? 0 : 1;
    const auto fields = reader.read_fields();
    if (fields == Outcome::bad) return reader.bad("a bad field");
    if (fields == Outcome::partial) return reader.partial();
    if (message.status < 200 || message.status == 204 || message.status == 304 || method == "HEAD")
        return reader.whole();
    return reader.read_body(true, ended);
}

}  // namespace switchyard::test
