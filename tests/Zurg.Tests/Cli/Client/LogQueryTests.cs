using Zurg.Cli;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

public sealed class LogQueryTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("10m", "2026-01-01T11:50:00Z")]
    [InlineData("2025-12-31T23:00Z", "2025-12-31T23:00:00Z")]
    public void Since_is_how_long_ago_or_a_time(string text, string time) => Assert.Equal(
        DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture), LogQuery.ParseSince(text, Noon));

    [Fact]
    public void Since_anything_else_is_bad_usage()
    {
        var e = Assert.Throws<VerbFailedException>(() => LogQuery.ParseSince("yesterday-ish", Noon));
        Assert.Equal(ExitCode.BadUsage, e.ExitCode);
        Assert.Null(LogQuery.ParseSince(null, Noon));
    }

    [Fact]
    public void Grep_is_a_regular_expression_and_a_wrong_one_is_bad_usage()
    {
        var query = new LogQuery(null, null, LogQuery.ParseGrep("ERR(OR)?|^warn"), null);
        Assert.True(query.Wants(Line("an ERR")));
        Assert.True(query.Wants(Line("warn: x")));
        Assert.False(query.Wants(Line("no warn")));
        foreach (var wrong in (string[])["(", @"(a)\1"])
        {
            Assert.Equal(ExitCode.BadUsage, Assert.Throws<VerbFailedException>(() => LogQuery.ParseGrep(wrong)).ExitCode);
        }

        static LogLine Line(string text) => new(InstanceId.Parse("web.0"), text, null);
    }
}
