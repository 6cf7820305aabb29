#include "forum/server/request_reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "forum/domain/ascii.h"
#include "forum/server/caller_address.h"
#include "forum/server/head_watch.h"
#include "forum/server/target.h"

namespace forum {

namespace {

namespace http = boost::beast::http;

// Tokens, cookies and what proxies add fit many times.
constexpr std::uint32_t kHeadBytes = 16 * 1'024;
constexpr std::size_t kTargetBytes = 8 * 1'024;
constexpr std::ptrdiff_t kHeadersMax = 100;

using Parser = http::request_parser<http::string_body>;
using Request = http::request<http::string_body>;

std::string text_of_header(const Request& request, http::field name) {
    return std::string(request[name]);
}

bool expects_body(std::string_view method) {
    return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

// Others have no meaning for a body here; what they brought stays unread.
bool reads_body(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

std::string all_lines(const Request& request, std::string_view name) {
    std::string all;
    const auto [first, last] = request.equal_range(name);
    for (auto line = first; line != last; ++line) {
        if (!all.empty()) all += ',';
        all += std::string_view(line->value());
    }
    return all;
}

Answer too_large() {
    return problem(413, "too-large", "the request body is larger than this program takes");
}

Answer bad_framing(std::string_view why) {
    return problem(400, "bad-framing", why);
}

std::string framing_fault(const Request& request) {
    const auto lengths = request.count(http::field::content_length);
    const auto codings = request.count(http::field::transfer_encoding);
    if (codings > 0 && lengths > 0) return "Content-Length and Transfer-Encoding exclude each other";
    if (codings > 1 || (codings == 1 && request[http::field::transfer_encoding] != "chunked")) {
        return "the only transfer coding understood here is chunked";
    }
    if (lengths == 0) return "";
    const std::string_view text = request[http::field::content_length];
    std::size_t length = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
    if (lengths > 1 || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
        return "Content-Length must be one plain number";
    }
    return "";
}

}  // namespace

struct RequestReader::Message {
    Parser parser;
    HeadWatch watch;
    std::ptrdiff_t head_lines = 0;
    std::size_t head_bytes = 0;
};

RequestReader::RequestReader(const ReaderLimits& limits, std::string peer) : limits_(limits), peer_(std::move(peer)) {}

RequestReader::~RequestReader() = default;

void RequestReader::begin() {
    message_ = std::make_unique<Message>();
    message_->parser.header_limit(kHeadBytes);
    message_->parser.body_limit(limits_.body);
    message_->watch.begin();
    begun_ = true;
    judged_ = false;
    wants_continue_ = false;
    ends_at_head_ = false;
}

RequestReader::State RequestReader::refuse_with(Answer refusal) {
    refusal_ = std::move(refusal);
    keeps_alive_ = false;
    http_1_0_ = false;
    begun_ = false;
    message_.reset();
    return State::refused;
}

RequestReader::State RequestReader::take(std::string_view bytes, std::size_t& taken) {
    taken = 0;
    if (bytes.empty() && !begun_) return State::more;
    if (!begun_) begin();
    Parser& parser = message_->parser;
    while (taken < bytes.size() || (judged_ && parser.is_done())) {
        boost::system::error_code error;
        const std::string_view rest = bytes.substr(taken);
        const std::size_t used = parser.put(boost::asio::buffer(rest.data(), rest.size()), error);
        if (!message_->watch.complete()) message_->watch.take(rest.substr(0, used));
        taken += used;
        if (error && error != http::error::need_more) {
            if (error == http::error::body_limit) return refuse_with(too_large());
            if (error == http::error::header_limit) {
                return refuse_with(problem(431, "head-too-large", "the head of a request has at most 16 KiB"));
            }
            // The watch has not seen what Beast did not take; the fault may stand there.
            if (!judged_) message_->watch.take(rest.substr(used));
            const std::string_view fault = message_->watch.fault();
            if (!fault.empty()) return refuse_with(bad_framing(fault));
            return refuse_with(judged_ ? bad_framing("the chunks of the body are not as RFC 9112 wants them")
                                       : bad_framing("the request could not be read as HTTP/1.1"));
        }
        if (!judged_) message_->head_bytes += used;
        if (parser.is_header_done() && !judged_ && !judge_head()) return State::refused;
        if (judged_ && (ends_at_head_ || parser.is_done())) {
            const Request& request = parser.get();
            // Lines behind the last chunk would count like those of the head.
            if (std::distance(request.begin(), request.end()) == message_->head_lines) return State::whole;
            return refuse_with(bad_framing("lines behind the body are not understood here"));
        }
        if (used == 0) break;
    }
    return State::more;
}

// False when it was refused.
bool RequestReader::judge_head() {
    judged_ = true;
    const Request& request = message_->parser.get();
    const auto refuse_head = [this](Answer answer) {
        (void)refuse_with(std::move(answer));
        return false;
    };
    if (request.target().size() > kTargetBytes) {
        return refuse_head(problem(414, "target-too-long", "an address has at most 8 KiB here"));
    }
    message_->head_lines = std::distance(request.begin(), request.end());
    if (message_->head_lines > kHeadersMax) {
        return refuse_head(problem(431, "head-too-large", "the head of a request has at most 100 lines"));
    }
    std::string fault = framing_fault(request);
    if (!message_->watch.fault().empty()) fault = message_->watch.fault();
    const auto length = message_->parser.content_length();
    const bool has_body = message_->parser.chunked() || (length && *length > 0);
    const std::string_view method = request.method_string();
    if (fault.empty() && has_body && !expects_body(method))
        fault = "a " + std::string(method) + " request has no body here";
    if (!fault.empty()) return refuse_head(bad_framing(fault));
    if (length && *length > limits_.body) return refuse_head(too_large());
    ends_at_head_ = has_body && !reads_body(method);
    wants_continue_ = has_body && !ends_at_head_ && request.version() >= 11 &&
                      equals_in_any_case(std::string_view(request[http::field::expect]), "100-continue");
    return true;
}

bool RequestReader::wants_continue() {
    return std::exchange(wants_continue_, false);
}

std::size_t RequestReader::held_bytes() const {
    return message_ && judged_ ? message_->head_bytes + message_->parser.get().body().capacity() : 0;
}

Call RequestReader::take_call() {
    Request request = message_->parser.release();
    Call call;
    call.method = std::string(request.method_string());
    Target target = target_from(std::string_view(request.target()));
    call.path = std::move(target.path);
    call.query = std::move(target.query);
    call.body = std::move(request.body());
    call.content_type = text_of_header(request, http::field::content_type);
    call.authorization = text_of_header(request, http::field::authorization);
    call.if_match = text_of_header(request, http::field::if_match);
    call.if_none_match = text_of_header(request, http::field::if_none_match);
    call.idempotency_key = message_->watch.idempotency_key();
    const auto request_id = request.find("X-Request-Id");
    if (request_id != request.end()) call.request_id = std::string(request_id->value());
    const std::string forwarded = all_lines(request, "X-Forwarded-For");
    call.address = forwarded.empty() ? peer_ : caller_address(peer_, forwarded, limits_.trusted);
    const bool through_proxy =
        !forwarded.empty() || request.count(http::field::forwarded) > 0 || request.count(http::field::via) > 0;
    const auto site = request.find("Sec-Fetch-Site");
    const bool for_page = request.count(http::field::origin) > 0 || (site != request.end() && site->value() != "none");
    const auto peer = address_from(peer_);
    call.direct = peer && peer->is_loopback() && !through_proxy && !for_page &&
                  names_this_machine(std::string_view(request[http::field::host]));
    keeps_alive_ = request.keep_alive() && !ends_at_head_;
    http_1_0_ = request.version() < 11;
    message_.reset();
    begun_ = false;
    return call;
}

}  // namespace forum
