#include "proxy/base/mark_notes.h"

#include <algorithm>

namespace switchyard {

namespace {

bool printable(char c) {
    return c > ' ' && c < '\x7f';
}

// A number, a UUID, a digest, a token: what differs from request to request.
bool is_id(std::string_view segment) {
    constexpr std::size_t kLongest = 24, kShortestHex = 8;
    if (segment.size() > kLongest) return true;
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (std::ranges::all_of(segment, digit)) return !segment.empty();
    const auto hex = [&](char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-'; };
    return segment.size() >= kShortestHex && std::ranges::any_of(segment, digit) && std::ranges::all_of(segment, hex);
}

std::size_t write_shape(std::string_view path, std::span<char> to) {
    std::size_t size = 0;
    const auto put = [&](char c) {
        if (size < to.size()) to[size] = printable(c) ? c : '?';
        ++size;
    };
    while (!path.empty() && size <= to.size()) {
        if (path.front() == '/') {
            put('/');
            path.remove_prefix(1);
        }
        const auto segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        if (is_id(segment))
            put('*');
        else
            for (const char c : segment) put(c);
    }
    constexpr std::string_view kMore = "...";
    if (size <= to.size()) return size;
    std::ranges::copy(kMore, to.end() - kMore.size());
    return to.size();
}

}  // namespace

MarkNote::MarkNote(Group of, AnswerKind kind, Failure why, std::uint16_t answered, std::uint32_t at,
                   std::string_view method_name, std::string_view request_path)
    : group(of), answer(kind), failure(why), status(answered), endpoint(at) {
    for (const char c : method_name.substr(0, kMethod)) method_[method_size_++] = printable(c) ? c : '?';
    path_size_ = static_cast<std::uint8_t>(write_shape(request_path, path_));
}

void MarkNotes::add(const MarkNote& note) {
    for (MarkNote& known : std::span(notes_).first(size_))
        if (known.same(note)) return void(++known.times);
    const bool room = note.of_speed() ? of_speed_ < kMostOfSpeed : size_ - of_speed_ < kMost - kMostOfSpeed;
    if (!room) return;
    if (note.of_speed()) ++of_speed_;
    notes_[size_++] = note;
}

}  // namespace switchyard
