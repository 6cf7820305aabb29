#include "forum/api/service.h"
#include "forum/api/throttle.h"
#include "forum/auth/digest.h"
#include "forum/store/idempotency.h"

namespace forum {

namespace {

constexpr std::size_t kKeyMax = 128;

}  // namespace

void check_idempotency_key(std::string_view key) {
    const bool printable =
        key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:~+/=\"") ==
        std::string_view::npos;
    if (key.empty() || key.size() > kKeyMax || !printable) {
        refuse(400, "bad-idempotency-key", "Idempotency-Key must be 1 to 128 letters, digits or signs of -_.:~+/=");
    }
}

Answer run_change(Service& service, const Call& call, const std::function<Answer(Connection&)>& change) {
    Answer answer;
    if (!call.idempotency_key || call.caller.row == 0) {
        service.store.writer.run([&](Connection& connection) {
            require_allowance(service, connection, call);
            answer = change(connection);
        });
        return answer;
    }
    const std::string& key = *call.idempotency_key;
    check_idempotency_key(key);
    const std::string hash = sha256_hex(call.method + ' ' + call.path + '\n' + call.body);
    service.store.writer.run([&](Connection& connection) {
        const auto kept = kept_answer(connection, call.caller.row, key);
        if (kept && kept->request_hash != hash) {
            refuse(422, "idempotency-key-reused", "this Idempotency-Key was sent before with another request");
        }
        if (kept) {
            answer = Answer{};
            answer.status = kept->status;
            answer.body = kept->body;
            answer.location = kept->location;
            answer.etag = kept->etag;
            answer.headers.emplace_back("Idempotency-Replayed", "true");
            return;
        }
        require_allowance(service, connection, call);
        answer = change(connection);
        keep_answer(connection, call.caller.row, key, {hash, answer.status, answer.body, answer.location, answer.etag},
                    now());
    });
    return answer;
}

Answer json_answer(int status, std::string body) {
    Answer answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
}

Answer page_answer(const Page& page) {
    Answer answer = json_answer(200, page.body);
    answer.etag = page.etag;
    return answer;
}

int page_limit(const Call& call) {
    constexpr int kDefault = 25;
    constexpr int kMost = 100;
    const auto text = call.parameter("limit");
    if (!text) return kDefault;
    int limit = 0;
    for (const char c : *text) limit = c >= '0' && c <= '9' && limit < 1'000 ? limit * 10 + (c - '0') : 10'000;
    if (limit < 1 || limit > kMost) refuse(400, "bad-parameter", "limit must be a number from 1 to 100");
    return limit;
}

}  // namespace forum
