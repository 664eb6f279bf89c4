using Zurg.Cli.Demo;

namespace Zurg.Tests.Cli.Demo;

public sealed class DemoSpecTests
{
    [Fact]
    public void The_fixed_port_alone_is_replaced() => Assert.Equal(
        "ports: { http: dynamic }\nports: { http: 9000 }", DemoSpec.WithWebPort(
            "ports: { http: dynamic }\nports: { http: 8088 }", 9000));
}
