// Where a mark came from: method, path and endpoint of a request that failed, was slow, or was answered in another way,
// for the words of a rollout.
//
// Bounded and fixed in size: a table holds kMost different notes between two reports, further ones are only counted.
//   Paths are shapes (ids become *), cut to what fits, and printable ASCII whatever the client sent: they end up in
//   terminals and logs.
// Threads: a worker's own until it is in a report.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/base/answer_kind.h"
#include "proxy/base/failure.h"

namespace switchyard {

// What takes longer is noted, in microseconds: a head (slow, and its tail), a whole answer (late, and its tail).
struct MarkLimits {
    static constexpr std::uint32_t kNothing = 0xffff'ffff;  // nothing takes so long

    std::uint32_t slow_us = kNothing, tail_us = kNothing, late_us = kNothing, late_tail_us = kNothing;
    bool operator==(const MarkLimits&) const = default;
};

struct MarkNote {
    static constexpr std::uint32_t kNoEndpoint = 0xffff'ffff;
    static constexpr std::size_t kMethod = 8, kPath = 46;
    static constexpr std::uint16_t kGrpc = 1000;  // statuses from here on are those of gRPC
    enum class Group : std::uint8_t { failed, answer, slow, tail, late, late_tail };

    // `failure` none: by its status.
    MarkNote() = default;
    MarkNote(Group of, AnswerKind kind, Failure why, std::uint16_t answered, std::uint32_t at,
             std::string_view method_name, std::string_view request_path);

    std::string_view method() const { return {method_.data(), method_size_}; }
    std::string_view path() const { return {path_.data(), path_size_}; }
    bool of_speed() const { return group > Group::answer; }
    bool same(const MarkNote& other) const {
        return group == other.group && answer == other.answer && failure == other.failure && status == other.status &&
               endpoint == other.endpoint && method() == other.method() && path() == other.path();
    }

    Group group = Group::failed;
    AnswerKind answer = AnswerKind::ordinary;  // of Group::answer
    Failure failure = Failure::none;
    std::uint16_t status = 0;
    std::uint32_t endpoint = kNoEndpoint;  // Registry id
    std::uint32_t times = 1;

  private:
    std::uint8_t method_size_ = 0, path_size_ = 0;
    std::array<char, kMethod> method_;
    std::array<char, kPath> path_;
};

class MarkNotes {
  public:
    // What is slow has half of the room: there may be much of it, and a failure that comes after it needs its place.
    static constexpr std::size_t kMost = 48, kMostOfSpeed = 24;

    void add(const MarkNote& note);
    std::span<const MarkNote> notes() const { return {notes_.data(), size_}; }
    void clear() { size_ = of_speed_ = 0; }

  private:
    std::size_t size_ = 0, of_speed_ = 0;
    std::array<MarkNote, kMost> notes_;
};

}  // namespace switchyard
