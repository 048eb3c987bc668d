#include "endpoint/router.hpp"

#include <gtest/gtest.h>

namespace wsinetd::endpoint {
namespace {

// The router only hands it on: any address will do.
const int place = 0;
const auto& endpoint = reinterpret_cast<const config::Endpoint&>(place);

TEST(Router, ServesEveryPathByTheOneCommand) {
    const Router router(endpoint);
    for (std::string_view path : {"/", "/a/b", "//", "/a b"}) {
        http::Request request;
        request.path = path;
        const auto match = router.match(request);
        ASSERT_TRUE(match) << path;
        EXPECT_EQ(match->endpoint, &endpoint);
        EXPECT_EQ(match->script_name, "");
        EXPECT_EQ(match->path_info, path);
    }
}

TEST(Router, HasNoEndpointForTheServerItself) {
    http::Request request;
    request.method = "OPTIONS";
    request.path = "*";
    EXPECT_FALSE(Router(endpoint).match(request));
}

}  // namespace
}  // namespace wsinetd::endpoint
