#include "proxy/serve/file_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "proxy/compress/accept_encoding.h"
#include "proxy/files/file_path.h"
#include "proxy/http/byte_range.h"
#include "proxy/http/http_date.h"
#include "proxy/http/local_reply.h"
#include "proxy/http/preconditions.h"
#include "proxy/route/answer_rewrites.h"
#include "proxy/route/groups.h"
#include "proxy/serve/edit_lines.h"

namespace switchyard::serve {
namespace {

using Word = files::FoundFile::Word;

// A disk that has not answered for so long hangs.
constexpr std::int64_t kLongestReadMs = 10'000;

files::Precompressed precompressed(config::Encoding encoding) {
    if (encoding == config::Encoding::brotli) return {"br", ".br"};
    if (encoding == config::Encoding::zstd) return {"zstd", ".zst"};
    return {"gzip", ".gz"};
}

// What the client takes of what may be there, the best first.
std::vector<files::Precompressed> codings(const config::StaticFiles& where, const route::Asked& asked) {
    std::vector<files::Precompressed> out;
    if (where.precompressed.empty()) return out;
    compress::AcceptEncoding accepts;
    for (std::uint16_t i = 0; i < asked.head.field_count; ++i) {
        if (!http::equals_lower(asked.head.fields[i].name.of(asked.facts.base), "accept-encoding")) continue;
        for (std::string_view rest = asked.head.fields[i].value.of(asked.facts.base); !rest.empty();)
            accepts.add(http::take_member(rest));
    }
    std::vector<config::Encoding> left = where.precompressed;
    while (const auto best = accepts.choose(left)) {
        out.push_back(precompressed(*best));
        std::erase(left, *best);
    }
    return out;
}

std::string type_of(const config::StaticFiles& where, const std::string& name) {
    const std::pair<const std::string, std::string>* longest = nullptr;
    for (const auto& each : where.types)
        if (name.ends_with(each.first) && (longest == nullptr || each.first.size() > longest->first.size()))
            longest = &each;
    return longest != nullptr ? longest->second : std::string(files::content_type(name));
}

// Of the path, what is looked for below the root. Nothing: there is no such file, whatever there is.
std::optional<std::string> path_of(const files::RouteFiles& files, std::string_view path) {
    if (files.where.root.empty()) {
        path.remove_prefix(std::min(path.size(), files.prefix.size()));
        return files::file_path(path.starts_with('/') ? std::string(path) : "/" + std::string(path),
                                files.where.dot_files);
    }
    return files::file_path(path, files.where.dot_files);
}

}  // namespace

FileAnswer::FileAnswer(Phase& phase, ClientLane& client, const HeadSources& from, const Course& course,
                       Account& account)
    : phase_(phase),
      client_(client),
      from_(from),
      course_(course),
      account_(account),
      lead_(phase.strand().context().buffers) {}

FileAnswer::~FileAnswer() {
    if (!reading_) return;
    if (reading_->busy()) {
        reading_->abandon();
    } else if (reading_->found().fd.is_open()) {
        reading_->close();
        ask_pool();  // else it is closed here
    }
}

bool FileAnswer::ask_pool() {
    return course_.route->files->pool->ask(reading_, context().door);
}

Failure FileAnswer::begin() {
    const route::Asked& asked = from_.asked;
    const files::RouteFiles& files = *course_.route->files;
    head_only_ = asked.method() == "HEAD";
    keep_ = asked.guarded.keep_alive && asked.guarded.body.kind == http::Body::Kind::none &&
            !asked.guarded.expect_continue && !client_.closing();
    if (!head_only_ && asked.method() != "GET") {
        lines_ = "Allow: GET, HEAD\r\n";
        return Failure::not_allowed;
    }
    auto path = path_of(files, asked.facts.path);
    if (!path && !files.where.fallback.empty()) path = files.where.fallback.substr(1);
    if (!path) return Failure::no_file;
    reading_ =
        std::make_shared<files::FileReading>(course_.route->files, std::move(*path), codings(files.where, asked));
    return Failure::none;
}

// Of what the reading has begun.
net::Task<Failure> FileAnswer::finish_job() {
    if (!ask_pool()) {
        reading_->not_begun();
        co_return Failure::files_busy;
    }
    phase_.at_most(kLongestReadMs);
    while (reading_->busy()) {
        co_await phase_.sleep();
        if (!reading_->busy()) break;
        if (client_.broken()) co_return Failure::client_closed;
        if (phase_.strand().expired()) co_return Failure::files_busy;
    }
    co_return Failure::none;
}

net::Task<Next> FileAnswer::run() {
    Failure failure = begin();
    if (failure == Failure::none) {
        reading_->find(phase_.strand());
        failure = co_await finish_job();
    }
    if (failure == Failure::none) failure = judge();
    const bool body = failure == Failure::none && size_ != 0 && !head_only_;
    if (body) failure = co_await read_next(first_, size_);
    if (failure == Failure::none && !write_head()) failure = Failure::internal;
    if (failure != Failure::none) {
        untold_ = failure;
        co_return Next::close;
    }
    account_.record.status = status_;
    account_.record.first_byte_us = context().now_us;
    account_.record.answer_started = true;
    phase_.begin_pace();
    failure = co_await send();
    phase_.end_pace();
    account_.record.bytes_out += client_.sent_bytes();
    if (failure == Failure::none) co_return keep_ ? Next::keep : Next::close;
    account_.break_off(failure);
    co_return failure == Failure::client_closed || failure == Failure::client_slow ? Next::cut : Next::close;
}

// What is found against what is asked.
Failure FileAnswer::judge() {
    const files::FoundFile& found = reading_->found();
    switch (found.word) {
        case Word::missing:
            return Failure::no_file;
        case Word::denied:
            return Failure::denied;
        case Word::failed:
            return Failure::file_failed;
        case Word::folder:
            status_ = 301;
            return Failure::none;
        case Word::file:
            break;
    }
    etag_ = fmt::format("\"{:x}-{:x}\"", found.modified_s, found.size);
    const route::Asked& asked = from_.asked;
    const http::Validators now{etag_, found.modified_s};
    switch (http::precondition(asked.facts.base, asked.head, now)) {
        case http::Precondition::failed:
            return Failure::precondition;
        case http::Precondition::not_modified:
            status_ = 304;
            return Failure::none;
        case http::Precondition::holds:
            break;
    }
    size_ = found.size;
    return judge_range();
}

Failure FileAnswer::judge_range() {
    const route::Asked& asked = from_.asked;
    const std::string_view wanted = http::field_value(asked.facts.base, asked.head, "range");
    if (wanted.empty() || head_only_ ||
        !http::range_counts(asked.facts.base, asked.head, {etag_, reading_->found().modified_s}))
        return Failure::none;
    const http::ByteRange range = http::byte_range(wanted, size_);
    if (range.kind == http::ByteRange::Kind::unsatisfiable) {
        lines_ = fmt::format("Content-Range: bytes */{}\r\n", size_);
        return Failure::bad_range;
    }
    if (range.kind == http::ByteRange::Kind::part) {
        status_ = 206;
        first_ = range.first;
        size_ = range.size;
    }
    return Failure::none;
}

// Without the route's edits.
std::string FileAnswer::head() const {
    const files::FoundFile& found = reading_->found();
    const route::Asked& asked = from_.asked;
    const auto& where = course_.route->files->where;
    std::string out = fmt::format("HTTP/1.1 {} {}\r\n{}", status_, http::reason_phrase(status_), context().date());
    if (status_ == 301) {
        // Of the path that was looked for: of what was sent "//other.example/../sub" would lead away.
        std::string path;
        route::add_escaped(path, asked.facts.path);
        out += fmt::format("Location: {}/{}\r\nContent-Length: 0\r\n", path, asked.target.tail);
    } else {
        if (status_ != 304)
            out += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", type_of(where, found.name), size_);
        out += fmt::format("Last-Modified: {}\r\nETag: {}\r\n", http::http_date(found.modified_s), etag_);
        if (status_ != 304) out += "Accept-Ranges: bytes\r\n";
        if (status_ != 304 && !found.coding.empty()) out += fmt::format("Content-Encoding: {}\r\n", found.coding);
        if (!where.precompressed.empty()) out += "Vary: Accept-Encoding\r\n";
    }
    if (status_ == 206) out += fmt::format("Content-Range: bytes {}-{}/{}\r\n", first_, first_ + size_ - 1, found.size);
    const auto& rewrites = course_.route->answer_rewrites;
    if (rewrites && rewrites->dates(status_)) out += fmt::format("Cache-Control: {}\r\n", rewrites->cache_control);
    if (!from_.id.empty()) out += fmt::format("X-Request-Id: {}\r\n", from_.id.text());
    if (!keep_)
        out += "Connection: close\r\n";
    else if (asked.head.minor == 0)
        out += "Connection: keep-alive\r\n";
    return out + "\r\n";
}

bool FileAnswer::write_head() {
    http::HeadWriter to(lead_.room());
    write_edited(to, head(), from_);
    if (to.overflow() || !client_.takes_head(to.size())) return false;
    lead_.filled(to.size());
    return true;
}

net::Task<Failure> FileAnswer::read_next(std::uint64_t offset, std::uint64_t left) {
    reading_->read(phase_.strand(), offset,
                   static_cast<std::size_t>(std::min<std::uint64_t>(left, files::FileReading::kBlock)));
    const Failure failure = co_await finish_job();
    if (failure != Failure::none) co_return failure;
    // Nothing: the file has become shorter since.
    co_return reading_->size() <= 0 ? Failure::file_failed : Failure::none;
}

// The first block is here.
net::Task<Failure> FileAnswer::send() {
    client_.send_head(lead_.unread(), Coding::plain, nullptr);
    std::uint64_t left = head_only_ || status_ == 304 || status_ == 301 ? 0 : size_;
    if (left == 0) co_return co_await put({nullptr, 0, true});
    for (std::uint64_t offset = first_;;) {
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(reading_->size())));
        left -= size;
        offset += size;
        if (const Failure failure = co_await put({reading_->block(), size, left == 0}); failure != Failure::none)
            co_return failure;
        if (left == 0) co_return Failure::none;
        if (const Failure failure = co_await read_next(offset, left); failure != Failure::none) co_return failure;
    }
}

net::Task<Failure> FileAnswer::put(Run run) {
    std::int64_t idle_since_ms = context().now_ms;
    for (std::uint64_t before = client_.sent_bytes();;) {
        const Push push = client_.push(run);
        if (push == Push::out) co_return Failure::none;
        if (push == Push::failed || client_.broken()) co_return Failure::client_closed;
        // Only octets that moved count: a client that chatters meanwhile keeps nothing alive.
        if (const std::uint64_t sent = client_.sent_bytes(); sent != before) {
            before = sent;
            idle_since_ms = context().now_ms;
        }
        const std::int64_t idle_ms = course_.listener->idle_timeout_ms;
        const std::int64_t wait_ms =
            idle_ms == 0 ? 0 : std::max<std::int64_t>(1, idle_since_ms + idle_ms - context().now_ms);
        phase_.at_most_paced(true, wait_ms);
        co_await phase_.sleep();
        const std::uint64_t sent = client_.sent_bytes();
        if (phase_.pace_is_due() && phase_.too_slow(sent - std::min(sent, client_.unsent())))
            co_return Failure::client_slow;
        if (phase_.is_over()) co_return course_.time_is_up() ? Failure::request_timeout : Failure::client_slow;
    }
}

}  // namespace switchyard::serve
