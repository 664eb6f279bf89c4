using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class RunCheckTests
{
    public static TheoryData<string, ServiceDraft> Wrong() => new()
    {
        { "services.web.run | it does not say what to run", Drafts.Service with { Run = null } },
        { "services.web.run | '../web' is no path inside the release", Drafts.Service with { Run = "../web" } },
        { "services.web.run | '' is no path inside the release", Drafts.Service with { Run = "" } },
        { "services.web.run | 'python3 x.py' is no path: no shell reads it", Drafts.Service with { Run = "python3 x.py" } },
        { "services.web.run | variables are not replaced in run", Drafts.Service with { Run = "${dir}/web" } },
        { "services.web.args[1] | there is no variable ${hots} | did you mean 'host'?",
            Drafts.Service with { Args = ["a", "${hots}"] } },
        { "services.web.args[0] | it holds a NUL character", Drafts.Service with { Args = ["\0"] } },
        { "services.web.env.1A | '1A' is no name of an environment variable",
            Drafts.Service with { Env = Drafts.Map(("1A", "x")) } },
        { "services.web.env.ZURG_HOST | 'ZURG_HOST' is set by Zurg itself",
            Drafts.Service with { Env = Drafts.Map(("ZURG_HOST", "x")) } },
        { "services.web.env.PORT_HTTP | 'PORT_HTTP' is set by Zurg itself",
            Drafts.Service with { Env = Drafts.Map(("PORT_HTTP", "x")) } },
        { "services.web.env.A | ${settings.greting}: there is no setting 'greting' | did you mean 'greeting'?",
            Drafts.Service with { Env = Drafts.Map(("A", "${settings.greting}")) } },
        { "services.web.working_directory | 'a/../..' is no path inside the instance's directory",
            Drafts.Service with { WorkingDirectory = "a/../.." } },
        { "services.web.user | 'No Body' is no name of a user", Drafts.Service with { User = "No Body" } },
        { "services.web.limits.memory | '256' is no size", Drafts.Service with { Limits = new LimitsDraft { Memory = "256" } } },
        { "services.web.limits.cpu | 0 cores are out of range", Drafts.Service with { Limits = new LimitsDraft { Cpu = 0 } } },
        { "services.web.limits.cpu | NaN cores are out of range",
            Drafts.Service with { Limits = new LimitsDraft { Cpu = double.NaN } } },
        { "services.web.limits.open_files | 1 is out of range",
            Drafts.Service with { Limits = new LimitsDraft { OpenFiles = 1 } } },
        { "services.web.limits.processes | 0 is out of range",
            Drafts.Service with { Limits = new LimitsDraft { Processes = 0 } } },
        { "services.web.templates[0].from | the template has no from", Templated(new TemplateDraft { To = "b" }) },
        { "services.web.templates[0].to | the template has no to", Templated(new TemplateDraft { From = "a" }) },
        { "services.web.templates[0].to | '/etc/passwd' is no path inside",
            Templated(new TemplateDraft { From = "a", To = "/etc/passwd" }) },
        { "services.web.templates[0].from | 'a//b' is no path inside", Templated(new TemplateDraft { From = "a//b", To = "b" }) },
        { "services.web.templates[1].to | templates[0] generates 'b' already",
            Templated(new TemplateDraft { From = "a", To = "b" }, new TemplateDraft { From = "c", To = "b" }) },
        { "services.web.templates[0].reload | 'SIGHUP' is no signal to reload with | did you mean 'HUP'?",
            Templated(new TemplateDraft { From = "a", To = "b", Reload = "SIGHUP" }) },
        { "services.web.templates[0].then | more than one thing is to happen",
            Templated(new TemplateDraft { From = "a", To = "b", Reload = "HUP", Then = new ThenDraft { Restart = true } }) },
        { "services.web.templates[0].then | it does not say what happens",
            Templated(new TemplateDraft { From = "a", To = "b", Then = new ThenDraft() }) },
        { "services.web.templates[0].then.done | there is no reload that could be done",
            Templated(new TemplateDraft { From = "a", To = "b", Then = new ThenDraft { Restart = true, Done = ["x"] } }) },
        { "services.web.templates[0].then.done | the command is empty",
            Templated(new TemplateDraft { From = "a", To = "b", Then = new ThenDraft { Reload = "HUP", Done = [] } }) },
        { "services.web.templates[0].then.done[1] | ",
            Templated(
                new TemplateDraft { From = "a", To = "b", Then = new ThenDraft { Reload = "HUP", Done = ["x", "${no}"] } }) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_told_at_its_place_and_nothing_else(string expected, ServiceDraft web) =>
        Assert.StartsWith(expected, Assert.Single(Drafts.ProblemsOf(web)), StringComparison.Ordinal);

    [Fact]
    public void Absolute_paths_and_variables_are_fine_where_they_belong() => Assert.Empty(Drafts.ProblemsOf(Drafts.Service with
    {
        Run = "/usr/bin/python3",
        Args = ["${ports.http}", "$${literal}", "${settings.greeting}"],
        WorkingDirectory = "${release_dir}",
        User = "www-data",
        Env = Drafts.Map(("PORT_OTHER", "1"), ("_a", "")),
    }));

    private static ServiceDraft Templated(params TemplateDraft[] templates) => Drafts.Service with { Templates = [.. templates] };
}
