#include "control/net/credential.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "config/model/secret_value.h"

namespace switchyard::control::net {

Credential::Credential(const boost::asio::any_io_executor& executor, config::Secret secret)
    : executor_(executor), secret_(std::move(secret)), file_(executor) {}

void Credential::read(Done done) {
    const auto look = [secret = secret_] {
        Value out;
        out.text = config::secret_value(secret, &out.why);
        return out;
    };
    if (secret_.from != config::Secret::From::file)
        return boost::asio::post(executor_, [done = std::move(done), value = look(), alive = std::weak_ptr(alive_)] {
            if (!alive.expired()) done(value.text, value.why);
        });
    file_.ask(look, [this, done = std::move(done)](std::optional<Value> value) {
        if (value) return done(std::move(value->text), std::move(value->why));
        done(std::nullopt, unanswered("the file " + secret_.text));
    });
}

}  // namespace switchyard::control::net
