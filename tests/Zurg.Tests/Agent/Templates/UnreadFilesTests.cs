using System.Collections.Immutable;
using Zurg.Agent.Templates;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Templates;

public sealed class UnreadFilesTests
{
    private static readonly TemplateSpec Hup = new("a.hbs", "a", TemplateThen.Reload, "HUP");
    private static readonly TemplateSpec Usr1 = new("b.hbs", "b", TemplateThen.Reload, "USR1");
    private static readonly TemplateSpec Nothing = new("c.hbs", "c", TemplateThen.Nothing);
    private static readonly TemplateSpec Restart = new("d.hbs", "d", TemplateThen.Restart);

    private readonly UnreadFiles _files = new([]);

    [Fact]
    public void What_changed_no_file_or_one_that_the_process_looks_after_is_used_at_once()
    {
        Assert.Equal("1", NameOf(_files.Wrote(Data("1"), [])));
        Assert.Equal("2", NameOf(_files.Wrote(Data("2"), [Nothing])));
    }

    [Fact]
    public void A_changed_file_is_used_once_the_signal_that_was_sent_after_it_has_taken_effect()
    {
        Assert.Null(_files.Wrote(Data("1"), [Hup]));
        Assert.False(_files.IsEmpty);
        var sent = _files.Sending();
        Assert.Null(_files.Wrote(Data("2"), [Hup]));
        Assert.Null(_files.TookEffect("USR1", sent));
        Assert.Equal("1", NameOf(_files.TookEffect("HUP", sent)));
        Assert.Null(_files.TookEffect("HUP", sent));
        Assert.Equal("2", NameOf(_files.TookEffect("HUP", _files.Sending())));
        Assert.True(_files.IsEmpty);
    }

    [Fact]
    public void What_is_written_behind_it_waits_for_it()
    {
        _files.Wrote(Data("1"), [Hup]);
        var sent = _files.Sending();
        Assert.Null(_files.Wrote(Data("2"), []));
        Assert.Equal("2", NameOf(_files.TookEffect("HUP", sent)));
    }

    [Fact]
    public void Two_signals_are_both_waited_for()
    {
        _files.Wrote(Data("1"), [Hup, Usr1]);
        Assert.Null(_files.TookEffect("HUP", _files.Sending()));
        Assert.Equal("1", NameOf(_files.TookEffect("USR1", _files.Sending())));
    }

    [Fact]
    public void After_one_that_asks_for_a_restart_nothing_is_used_any_more_but_what_was_before()
    {
        _files.Wrote(Data("1"), [Hup]);
        _files.Wrote(Data("2"), [Restart]);
        Assert.Equal("1", NameOf(_files.TookEffect("HUP", _files.Sending())));
        Assert.Null(_files.Wrote(Data("3"), []));
        Assert.Null(_files.TookEffect("HUP", _files.Sending()));
    }

    [Fact]
    public void What_an_earlier_agent_owed_is_waited_for_before_anything_is_used()
    {
        var files = new UnreadFiles(["HUP"]);
        Assert.Null(files.Wrote(Data("1"), []));
        Assert.Equal("1", NameOf(files.TookEffect("HUP", files.Sending())));
        var early = new UnreadFiles(["HUP"]);
        Assert.Null(early.TookEffect("HUP", early.Sending()));
        Assert.Equal("1", NameOf(early.Wrote(Data("1"), [])));
    }

    [Fact]
    public void Very_many_that_wait_count_together_and_none_is_used_early()
    {
        _files.Wrote(Data("first"), [Hup]);
        var sent = _files.Sending();
        for (var i = 0; i < 3 * UnreadFiles.OpenMax; i++)
        {
            Assert.Null(_files.Wrote(Data($"{i}"), i % 2 == 0 ? [Hup] : [Usr1]));
        }

        Assert.Equal("first", NameOf(_files.TookEffect("HUP", sent)));
        Assert.Equal("0", NameOf(_files.TookEffect("HUP", _files.Sending())));
        Assert.Equal($"{(3 * UnreadFiles.OpenMax) - 1}", NameOf(_files.TookEffect("USR1", _files.Sending())));
    }

    private static string? NameOf(TemplateData? data) => data?.Address;

    private static TemplateData Data(string name) => new()
    {
        Assigned = AgentSamples.Assigned(),
        Host = new HostId("host1"),
        Cell = new CellName("az1"),
        Address = name,
        Ports = ImmutableSortedDictionary<PortName, int>.Empty,
        Settings = ImmutableSortedDictionary<string, string>.Empty,
        Hosts = [],
        Endpoints = ImmutableSortedDictionary<ServiceName, EndpointSet>.Empty,
    };
}
