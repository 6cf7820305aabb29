#include "bench/yardbench/scenario/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <stdexcept>

namespace yardbench {
namespace {

void append_json(std::string& out, std::string_view text) {
    for (char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
}

// Only what can stand in no target at all: captured paths and queries keep their slashes and signs.
void append_target(std::string& out, std::string_view text) {
    constexpr std::string_view kNever = " \"#<>\\^`{|}";
    for (char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7F || kNever.find(c) != std::string_view::npos)
            fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned>(byte));
        else
            out += c;
    }
}

void append_number(std::string& out, std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    out.append(digits, end);
}

}  // namespace

std::size_t Template::Names::variable(const std::string& name) {
    const auto found = std::find(variables.begin(), variables.end(), name);
    if (found != variables.end()) return static_cast<std::size_t>(found - variables.begin());
    variables.push_back(name);
    return variables.size() - 1;
}

Template::Piece Template::place(const std::string& name, Names& names) {
    Piece piece;
    if (name == "user" || name == "run" || name == "unique") {
        piece.kind = name == "user" ? Kind::user : name == "run" ? Kind::run : Kind::unique;
    } else if (name.rfind("random:", 0) == 0) {
        piece.kind = Kind::random;
        const char* const first = name.data() + 7;
        const auto [end, error] = std::from_chars(first, name.data() + name.size(), piece.below);
        if (error != std::errc() || *end != '\0' || piece.below == 0)
            throw std::invalid_argument("${" + name + "}: write ${random:N} with N of 1 or more");
    } else if (name.rfind("feed.", 0) == 0) {
        piece.kind = Kind::feed;
        const std::string path = name.substr(5);
        const std::size_t dot = path.find('.');
        const std::string feed = path.substr(0, dot);
        const std::string field = dot == std::string::npos ? "" : path.substr(dot + 1);
        const auto found = std::find_if(names.feeds.begin(), names.feeds.end(),
                                        [&](const Names::Feed& one) { return one.name == feed; });
        if (found == names.feeds.end()) throw std::invalid_argument("${" + name + "}: there is no feed '" + feed + "'");
        const auto column = std::find(found->fields.begin(), found->fields.end(), field);
        if (column == found->fields.end())
            throw std::invalid_argument("${" + name + "}: the feed '" + feed + "' has no field '" + field + "'");
        piece.index = static_cast<std::size_t>(found - names.feeds.begin());
        piece.field = static_cast<std::size_t>(column - found->fields.begin());
    } else {
        const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        });
        if (!plain) throw std::invalid_argument("${" + name + "} is no place that is known");
        piece.kind = Kind::variable;
        piece.index = names.variable(name);
    }
    return piece;
}

Template Template::compile(std::string_view text, Names& names, Fits fits) {
    Template out;
    out.fits_ = fits;
    while (!text.empty()) {
        const std::size_t open = text.find("${");
        if (open != 0) {
            Piece piece;
            if (fits == Fits::target)
                append_target(piece.text, text.substr(0, open));
            else
                piece.text = std::string(text.substr(0, open));
            out.pieces_.push_back(std::move(piece));
            if (open == std::string_view::npos) break;
            text.remove_prefix(open);
        }
        const std::size_t close = text.find('}');
        if (close == std::string_view::npos)
            throw std::invalid_argument("'" + std::string(text) + "': ${ without a closing }");
        out.pieces_.push_back(place(std::string(text.substr(2, close - 2)), names));
        text.remove_prefix(close + 1);
    }
    return out;
}

void Template::append_to(std::string& out, Source& source) const {
    const auto put = [&](std::string_view text) {
        switch (fits_) {
            case Fits::anywhere:
                out += text;
                break;
            case Fits::json:
                append_json(out, text);
                break;
            case Fits::target:
                append_target(out, text);
                break;
        }
    };
    for (const Piece& piece : pieces_) {
        switch (piece.kind) {
            case Kind::literal:
                out += piece.text;
                break;
            case Kind::variable:
                put(source.variable(piece.index));
                break;
            case Kind::user:
                append_number(out, source.user());
                break;
            case Kind::run:
                out += source.run();
                break;
            case Kind::unique:
                out += source.run();
                out += '-';
                append_number(out, source.user());
                out += '-';
                append_number(out, source.unique());
                break;
            case Kind::random:
                append_number(out, source.random(piece.below));
                break;
            case Kind::feed:
                put(source.feed(piece.index, piece.field));
                break;
        }
    }
}

std::vector<std::size_t> Template::needed_variables() const {
    std::vector<std::size_t> needed;
    for (const Piece& piece : pieces_)
        if (piece.kind == Kind::variable) needed.push_back(piece.index);
    return needed;
}

}  // namespace yardbench
