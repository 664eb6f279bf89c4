using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Templates;
using Zurg.Protocol;
using Zurg.Tests.Core.Intent;

namespace Zurg.Tests.Agent.Templates;

public sealed class InstanceTemplatesTests : IDisposable
{
    private readonly string _release = Directory.CreateTempSubdirectory("zurg-release-").FullName;
    private readonly string _instance = Directory.CreateTempSubdirectory("zurg-instance-").FullName;
    private readonly string _kept = Directory.CreateTempSubdirectory("zurg-kept-").FullName;
    private ConfigHistory _history;

    public InstanceTemplatesTests() => _history = NewHistory();

    private string Made => Path.Combine(_instance, "conf/web.conf");

    public void Dispose()
    {
        _history.Dispose();
        Array.ForEach([_release, _instance, _kept], d => Directory.Delete(d, true));
    }

    [Fact]
    public void Every_text_is_kept_once_with_why_it_came_about()
    {
        var files = Files("motto {{settings.motto}}");
        Assert.Single(Written(files, "a").Changed);
        Assert.Empty(Written(files, "a").Changed);
        Assert.Single(Written(files, "b").Changed);
        _history.Dispose();
        _history = NewHistory();
        Assert.Single(Written(Files("motto {{settings.motto}}"), "a").Changed);
        Assert.Equal(
            ["setting motto 'b' -> 'a'", "setting motto 'a' -> 'b'", "first rendered"], Versions().Select(v => v.Why));
        Assert.Equal(2, Versions().Select(v => v.Digest).Distinct().Count());
        Assert.Equal("motto b", _history.Answer(new ConfigRequest(1, AgentSamples.Web, 2)).Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_edited_by_hand_is_put_back_and_what_was_written_is_kept(bool agentRestarted)
    {
        var files = Files("motto {{settings.motto}}");
        Written(files, "a");
        File.WriteAllText(Made, "mine");
        var written = Written(agentRestarted ? Files("motto {{settings.motto}}") : files, "a");
        Assert.Empty(written.Changed);
        var restored = Assert.Single(written.Restored);
        Assert.Equal(
            "conf/web.conf had been edited by hand: put back; what was written there is kept: "
            + "zurg history --config web.0 --diff 1..2", restored.What);
        Assert.Equal("motto a", File.ReadAllText(Made));
        Assert.Equal(
            [(true, "written by hand in place of version 1; put back"), (false, "first rendered")],
            Versions().Select(v => (v.ByHand, v.Why)));
        Assert.Equal("mine", _history.Answer(new ConfigRequest(1, AgentSamples.Web, 2)).Text);
    }

    [Fact]
    public void A_file_that_was_deleted_or_opened_to_the_world_is_put_back()
    {
        var files = Files("x");
        Written(files, "a");
        var left = files.Marks();
        File.SetUnixFileMode(Made, File.GetUnixFileMode(Made) | UnixFileMode.OtherRead);
        Assert.NotEqual(left, files.Marks());
        Assert.Contains("mode or owner", Assert.Single(Written(files, "a").Restored).What, StringComparison.Ordinal);
        File.Delete(Made);
        Assert.Contains("deleted by hand", Assert.Single(Written(files, "a").Restored).What, StringComparison.Ordinal);
        Assert.Equal((UnixFileMode)GeneratedFile.Mode, File.GetUnixFileMode(Made));
    }

    [Fact]
    public void What_a_crash_left_between_the_history_and_the_file_is_no_edit()
    {
        Written(Files("motto {{settings.motto}}"), "a");
        _history.Keep(AgentSamples.Web, "conf/web.conf", "motto b", "setting motto", byHand: false);
        var written = Written(Files("motto {{settings.motto}}"), "b");
        Assert.Empty(written.Restored);
        Assert.Equal("motto b", File.ReadAllText(Made));
    }

    [Fact]
    public void A_text_that_cannot_be_written_leaves_the_old_one_and_no_version()
    {
        var files = Files("motto {{settings.motto}}");
        Written(files, "a");
        Directory.CreateDirectory(Path.Combine(_instance, "conf/.web.conf.new/in-the-way"));
        var held = Assert.IsType<TemplatesOutcome.Held>(files.Write(Data("b")));
        Assert.True(held.Again);
        Assert.Equal("motto a", File.ReadAllText(Made));
        Assert.Single(Versions());

        // And when it can be written again, it is no edit by hand.
        Directory.Delete(Path.Combine(_instance, "conf/.web.conf.new"), true);
        var written = Written(files, "b");
        Assert.Single(written.Changed);
        Assert.Empty(written.Restored);
    }

    [Fact]
    public void What_was_written_before_another_file_failed_is_told_once_all_can_be()
    {
        var files = TwoFiles();
        Written(files, "a");
        var inTheWay = Path.Combine(_instance, "conf/.b.conf.new/in-the-way");
        Directory.CreateDirectory(inTheWay);
        Assert.IsType<TemplatesOutcome.Held>(files.Write(Data("b")));
        Assert.IsType<TemplatesOutcome.Held>(files.Write(Data("b")));
        Directory.Delete(Path.GetDirectoryName(inTheWay)!, true);
        Assert.Equal(["conf/a.conf", "conf/b.conf"], Written(files, "b").Changed.Select(t => t.To));
        Assert.Empty(Written(files, "b").Changed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_written_is_told_again_by_the_next_agent_until_the_process_goes_by_it(bool isRead)
    {
        var files = TwoFiles();
        Written(files, "a");
        Assert.Equal(2, Written(files, "b").Changed.Length);
        if (isRead)
        {
            files.AreRead();
        }

        Again();
        files = TwoFiles();
        Assert.Equal(isRead ? [] : ["conf/a.conf", "conf/b.conf"], Written(files, "b").Changed.Select(t => t.To));
        Assert.Empty(Written(files, "b").Changed);
        files.AreRead();
        Again();
        Assert.Empty(Written(TwoFiles(), "b").Changed);
    }

    [Fact]
    public void A_file_that_nobody_reads_again_is_not_told_again()
    {
        var files = TwoFiles(TemplateThen.Nothing);
        Written(files, "a");
        Assert.Equal(2, Written(files, "b").Changed.Length);
        Again();
        Assert.Empty(Written(TwoFiles(TemplateThen.Nothing), "b").Changed);
    }

    [Fact]
    public void A_history_with_a_fault_holds_nothing_up()
    {
        Directory.Delete(_kept, true);
        var files = Files("motto {{settings.motto}}");
        Assert.Single(Written(files, "a").Changed);
        Assert.Empty(Written(files, "a").Restored);
        Assert.Single(Written(files, "b").Changed);
        Directory.CreateDirectory(_kept);
    }

    private void Again()
    {
        _history.Dispose();
        _history = NewHistory();
    }

    private InstanceTemplates TwoFiles(TemplateThen then = TemplateThen.Restart)
    {
        File.WriteAllText(Path.Combine(_release, "web.hbs"), "motto {{settings.motto}}");
        return new InstanceTemplates(
            AgentSamples.Assigned(s => s with
            {
                Templates = [.. new[] { "conf/a.conf", "conf/b.conf" }.Select(to => new TemplateSpec("web.hbs", to, then))],
            }),
            _release, _instance, null, _history);
    }

    private ConfigHistory NewHistory() => new(_kept, TimeProvider.System, NullLogger.Instance);

    private ImmutableArray<ConfigVersion> Versions() => _history.Answer(new ConfigRequest(1, AgentSamples.Web)).Versions;

    private InstanceTemplates Files(string text)
    {
        File.WriteAllText(Path.Combine(_release, "web.hbs"), text);
        var template = new TemplateSpec("web.hbs", "conf/web.conf", TemplateThen.Restart);
        return new InstanceTemplates(
            AgentSamples.Assigned(s => s with { Templates = [template] }), _release, _instance, null, _history);
    }

    private static TemplatesOutcome.Written Written(InstanceTemplates files, string motto) =>
        Assert.IsType<TemplatesOutcome.Written>(files.Write(Data(motto)));

    private static TemplateData Data(string motto) => new()
    {
        Assigned = AgentSamples.Assigned(),
        Host = new HostId("host1"),
        Cell = new CellName("az1"),
        Address = "127.0.0.1",
        Ports = AgentSamples.Ports(),
        Hosts = [],
        Settings = Drafts.Map(("motto", motto)),
        Endpoints = ImmutableSortedDictionary<ServiceName, EndpointSet>.Empty,
    };
}
