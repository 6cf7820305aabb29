#include "proxy/net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "proxy/net/socket_calls.h"
#include "proxy/net/tls_outward.h"

namespace switchyard::net {
namespace {

constexpr std::size_t kAround = 32;  // header, nonce, type and tag: 22 octets in TLS 1.3, 29 in 1.2

Tls& of(BIO* bio) {
    return *static_cast<Tls*>(BIO_get_data(bio));
}

// Of a server's handshake; `code` 0: the connection ended.
TlsTrouble kind_of(unsigned long code) {
    const int reason = ERR_GET_REASON(code);
    if (code == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return TlsTrouble::left;
    if (reason > SSL_AD_REASON_OFFSET) return TlsTrouble::refused;
    switch (reason) {
        case SSL_R_HTTP_REQUEST:
            return TlsTrouble::plain_http;
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_NO_APPLICATION_PROTOCOL:
        case SSL_R_NO_SUITABLE_KEY_SHARE:
        case SSL_R_NO_SUITABLE_GROUPS:
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
        case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
            return TlsTrouble::nothing_shared;
        case SSL_R_CALLBACK_FAILED:
            return TlsTrouble::unknown_name;
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return TlsTrouble::client_certificate;
        default:
            return TlsTrouble::malformed;
    }
}

// An alert that says no to what a handshake has shown, and to nothing that came after it (RFC 8446 §6.2).
bool refuses_handshake(int alert) {
    switch (alert) {
        case SSL_AD_HANDSHAKE_FAILURE:
        case SSL_AD_BAD_CERTIFICATE:
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
        case SSL_AD_CERTIFICATE_REVOKED:
        case SSL_AD_CERTIFICATE_EXPIRED:
        case SSL_AD_CERTIFICATE_UNKNOWN:
        case SSL_AD_UNKNOWN_CA:
        case SSL_AD_ACCESS_DENIED:
        case SSL_AD_DECRYPT_ERROR:
        case SSL_AD_CERTIFICATE_REQUIRED:
            return true;
        default:
            return false;
    }
}

// The queue is the thread's: what is left of another connection would count as ours. It hardly ever holds anything, and
// to clear it is to go through all its places.
void forget_errors() {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

const char* words_of(int alert) {
    // Of TLS 1.3; OpenSSL 3.0 has no words for it.
    return alert == SSL_AD_CERTIFICATE_REQUIRED ? "certificate required" : SSL_alert_desc_string_long(alert);
}

}  // namespace

BIO_METHOD* Tls::method() {
    static BIO_METHOD* const made = [] {
        BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "switchyard socket");
        BIO_meth_set_read(m, bio_read);
        BIO_meth_set_write(m, bio_write);
        BIO_meth_set_ctrl(m, bio_control);
        return m;
    }();
    return made;
}

int Tls::bio_read(BIO* bio, char* into, int size) {
    Tls& tls = of(bio);
    BIO_clear_retry_flags(bio);
    const auto wanted = static_cast<std::size_t>(size);
    if (!tls.early_.empty()) {
        const std::size_t n = std::min(wanted, tls.early_.size());
        std::memcpy(into, tls.early_.data(), n);
        tls.early_.erase(0, n);
        if (tls.early_.empty()) std::string().swap(tls.early_);  // half a KiB for as long as the connection stands
        return static_cast<int>(n);
    }
    while (!tls.dry_) {
        const ssize_t got = receive_bytes(tls.socket_.descriptor(), into, wanted);
        if (got > 0) {
            tls.dry_ = static_cast<std::size_t>(got) < wanted && !tls.socket_.hung_up;
            return static_cast<int>(got);
        }
        if (got == 0) {
            tls.ended_ = true;
            return 0;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return -1;
        tls.dry_ = true;
    }
    BIO_set_retry_read(bio);
    return -1;
}

int Tls::bio_write(BIO* bio, const char* bytes, int size) {
    Tls& tls = of(bio);
    BIO_clear_retry_flags(bio);
    const auto wanted = static_cast<std::size_t>(size);
    // From where OpenSSL has it to the kernel: only what that does not take is held.
    std::size_t sent = 0;
    while (tls.out_.empty() && sent == 0) {
        const ssize_t n = send_bytes(tls.socket_.descriptor(), bytes, wanted, MSG_NOSIGNAL | tls.flags_);
        if (n >= 0) {
            sent = static_cast<std::size_t>(n);
            break;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return -1;
        tls.socket_.writable = false;
        break;
    }
    tls.wire_sent_ += sent;
    if (sent == wanted) return size;
    tls.socket_.writable = false;
    const auto room = tls.out_.room();
    const std::size_t held = std::min(wanted - sent, room.size());
    if (sent + held == 0) {  // a handshake's flight may be longer than a block
        BIO_set_retry_write(bio);
        return -1;
    }
    std::memcpy(room.data(), bytes + sent, held);
    tls.out_.filled(held);
    return static_cast<int>(sent + held);
}

long Tls::bio_control(BIO* bio, int command, long, void*) {
    switch (command) {
        case BIO_CTRL_FLUSH:
        case BIO_CTRL_DUP:
            return 1;
        case BIO_CTRL_EOF:
            return of(bio).ended_ ? 1 : 0;
        default:
            return 0;
    }
}

Tls::Tls(Socket& socket, BufferPool& buffers, PolicyNow policy_now, std::string_view early)
    : socket_(socket), hello_(policy_now), out_(buffers), early_(early) {
    if (hello_.policy() == nullptr) return;  // the handshake fails
    make(hello_.policy()->context.get());
    SSL_set_accept_state(ssl_.get());
}

Tls::Tls(Socket& socket, BufferPool& buffers, const OutwardTls& how, const std::string& host,
         std::shared_ptr<TlsSessions> sessions, Offer offer)
    : socket_(socket), sessions_(std::move(sessions)), out_(buffers), lenient_(how.lenient_close()) {
    make(how.context());
    SSL_set_connect_state(ssl_.get());
    if (!how.aim(ssl_.get(), host)) {
        ssl_.reset();
        trouble_.words = "there is no name to verify its certificate by";
        return;
    }
    if (offer != Offer::nothing) make_offer(offer);
    if (const auto before = sessions_->take(how.verifies())) SSL_set_session(ssl_.get(), before.get());
}

void Tls::make_offer(Offer offer) {
    constexpr std::string_view kBoth = "\x02h2\x08http/1.1";
    constexpr std::size_t kFirst = 3;
    const auto* const names = reinterpret_cast<const unsigned char*>(kBoth.data());
    const auto size = static_cast<unsigned>(offer == Offer::http2 ? kFirst : kBoth.size());
    if (SSL_set_alpn_protos(ssl_.get(), names, size) != 0) throw std::bad_alloc();
}

void Tls::make(SSL_CTX* context) {
    ssl_.reset(SSL_new(context));
    if (!ssl_) throw std::bad_alloc();
    SSL_set_app_data(ssl_.get(), this);
    BIO* bio = BIO_new(method());
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
}

void Tls::keep_session(SSL_SESSION* session) {
    sessions_->keep(session);
}

Tls::~Tls() {
    // Else OpenSSL takes the session for one that went wrong, and no client may come back by it.
    if (ssl_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Tls::Step Tls::handshake() {
    if (!ssl_) {
        if (trouble_.words.empty()) trouble_.words = "the listener speaks TLS no more";
        return Step::failed;
    }
    if (flush() == Transfer::Status::failed) return Step::failed;
    if (unsent() != 0) return Step::again;
    forget_errors();
    dry_ = false;
    for (;;) {
        const std::uint64_t sent_before = wire_sent_;
        flags_ = only_tickets_left() ? MSG_MORE : 0;
        const int result = SSL_do_handshake(ssl_.get());
        tickets_wait_ = tickets_wait_ || (flags_ != 0 && wire_sent_ != sent_before);
        flags_ = 0;
        const int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
        if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            const bool http = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
            note_trouble(error);
            flush();  // the alert
            return http ? Step::plain_http : Step::failed;
        }
        const auto flushed = flush();
        if (flushed == Transfer::Status::failed) return Step::failed;
        if (error == SSL_ERROR_NONE) {
            // What the client has said behind its Finished is here already: no edge will tell of it. Tickets that wait
            // to go with an answer are let go by a read that finds none to give.
            if (!dry_ || tickets_wait_ || SSL_has_pending(ssl_.get()) == 1) socket_.readable = true;
            if (hello_.proved()) return Step::proved;
            const auto* check = hello_.client_check();
            if (check == nullptr || check->still_lets_in(ssl_.get())) return Step::done;
            trouble_.words = "the client's certificate has ended since its session began";
            trouble_.kind = TlsTrouble::client_certificate;
            return Step::failed;
        }
        if (error == SSL_ERROR_WANT_WRITE && flushed == Transfer::Status::done) continue;
        if (error == SSL_ERROR_WANT_READ) socket_.readable = false;
        return Step::again;
    }
}

// What a server of TLS 1.3 says behind its Finished are tickets, and no client waits for these: where its request is
// here by then, they go with the answer and cost no packet of their own. Else they go at once, for the acknowledgement
// that they bring: a client whose kernel joins small writes (Nagle's algorithm) sends no request before it, and the
// kernel by itself would give it 40 ms later.
bool Tls::only_tickets_left() const {
    return sessions_ == nullptr && SSL_version(ssl_.get()) == TLS1_3_VERSION &&
           SSL_get_finished(ssl_.get(), nullptr, 0) > 0;
}

void Tls::note_trouble(int error) {
    const auto code = ERR_peek_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    trouble_.untrusted = ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && sessions_ != nullptr;
    if (trouble_.untrusted)
        trouble_.words = X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get()));
    else if (reason != nullptr)
        trouble_.words = reason;
    else if (error == SSL_ERROR_SYSCALL && !ended_)
        trouble_.words = "the connection was reset";
    else
        trouble_.words =
            sessions_ == nullptr ? "the client closed the connection" : "the endpoint closed the connection";
    trouble_.kind = kind_of(code);
    forget_errors();
}

Transfer Tls::read(std::span<char> into) {
    std::size_t got = 0;
    for (;;) {
        forget_errors();
        dry_ = false;
        const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
        if (result == 1) break;
        // An answer of TLS's own had no room; now it has, and input that no edge tells of again may wait.
        if (const auto outcome = read_failed(result); outcome.status != Transfer::Status::again || !socket_.readable)
            return outcome;
    }
    heard_ = true;
    // Whether what is held goes is for the next write to say: what has come has come, be it from an endpoint that reset
    // the connection behind its answer.
    if (unsent() != 0) flush();
    if (dry_ && SSL_has_pending(ssl_.get()) == 0) socket_.readable = false;
    return {Transfer::Status::done, got};
}

Transfer Tls::read_failed(int result) {
    const int error = SSL_get_error(ssl_.get(), result);
    const int reason = ERR_GET_REASON(ERR_peek_error());
    forget_errors();
    const bool stuck = unsent() != 0 && flush() != Transfer::Status::done;
    switch (error) {
        case SSL_ERROR_WANT_READ:
            socket_.readable = false;
            if (std::exchange(tickets_wait_, false)) send_held(socket_.descriptor());
            return {Transfer::Status::again, 0};
        case SSL_ERROR_WANT_WRITE:  // an answer of TLS's own waits for room; the writing edge wakes the reader
            socket_.readable = !stuck;
            read_waits_ = stuck;
            return {Transfer::Status::again, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {Transfer::Status::closed, 0};
        case SSL_ERROR_SSL:
            if (reason != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
                if (!heard_ && refuses_handshake(reason - SSL_AD_REASON_OFFSET)) {
                    trouble_.refused = true;
                    trouble_.words = words_of(reason - SSL_AD_REASON_OFFSET);
                }
                return {Transfer::Status::failed, 0};
            }
            truncated_ = !lenient_;
            return {Transfer::Status::closed, 0};
        default:
            return {Transfer::Status::failed, 0};
    }
}

Transfer Tls::write(std::span<const iovec> pieces, bool more_follows) {
    if (const auto held = flush(); held != Transfer::Status::done) return {held, 0};
    tickets_wait_ = false;
    std::size_t taken = 0;
    std::size_t piece = 0;
    std::size_t offset = 0;
    // While nothing is held there is room for what the kernel does not take of a whole record.
    static_assert(kRecord + kAround <= BufferPool::kBlock);
    while (piece < pieces.size() && out_.empty()) {
        constexpr std::size_t most = kRecord;
        std::array<char, kRecord> gathered;
        const char* from = static_cast<const char*>(pieces[piece].iov_base) + offset;
        std::size_t size = std::min(most, pieces[piece].iov_len - offset);
        offset += size;
        if (offset == pieces[piece].iov_len) ++piece, offset = 0;
        if (size < most && piece < pieces.size()) {  // short pieces share a record
            std::memcpy(gathered.data(), from, size);
            from = gathered.data();
            while (size < most && piece < pieces.size()) {
                const std::size_t more = std::min(most - size, pieces[piece].iov_len - offset);
                std::memcpy(gathered.data() + size, static_cast<const char*>(pieces[piece].iov_base) + offset, more);
                size += more;
                offset += more;
                if (offset == pieces[piece].iov_len) ++piece, offset = 0;
            }
        }
        if (size == 0) break;
        std::size_t written = 0;
        flags_ = more_follows || piece < pieces.size() ? MSG_MORE : 0;
        const int result = SSL_write_ex(ssl_.get(), from, size, &written);
        flags_ = 0;
        if (result != 1) {  // whatever the queue of errors says, which is not asked here
            forget_errors();
            return {Transfer::Status::failed, 0};
        }
        taken += written;
    }
    return {Transfer::Status::done, taken};
}

Transfer::Status Tls::flush() {
    while (!out_.empty()) {
        const ssize_t sent = send_bytes(socket_.descriptor(), out_.data(), out_.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            out_.consume(static_cast<std::size_t>(sent));
            wire_sent_ += static_cast<std::size_t>(sent);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return Transfer::Status::failed;
        socket_.writable = false;
        return Transfer::Status::again;
    }
    out_.release();
    if (read_waits_) {
        read_waits_ = false;
        socket_.readable = true;
    }
    return Transfer::Status::done;
}

bool Tls::chose_http2() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return std::string_view(reinterpret_cast<const char*>(name), size) == "h2";
}

void Tls::say_end() {
    forget_errors();
    // Once: the second time OpenSSL would read.
    if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1 && (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) == 0)
        SSL_shutdown(ssl_.get());
    forget_errors();
    flush();
}

}  // namespace switchyard::net
