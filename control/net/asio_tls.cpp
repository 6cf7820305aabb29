// Asio's TLS, compiled here once for all of control.
#include <boost/asio/ssl/impl/src.hpp>
