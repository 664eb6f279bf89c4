using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>A verb that asks a running master.</summary>
internal abstract class ClientVerb : Verb
{
    private readonly Option<string?> master = new("--master")
    {
        Description = "the master's address; else ZURG_MASTER, else the nearest .zurg/ upwards",
        HelpName = "URL",
    };
    private readonly Option<string?> tokenFile =
        new("--token-file") { Description = "the file with the API's token; else ZURG_TOKEN_FILE", HelpName = "FILE" };
    private readonly Option<bool> json = new("--json") { Description = "everything, as JSON; an error too, on stderr" };

    protected ClientVerb(string name, string summary) : base(name, summary)
    {
        Add(json);
        Add(master);
        Add(tokenFile);
    }

    public sealed override async Task<int> RunAsync(VerbCall call)
    {
        try
        {
            var cluster = ClusterLocator.Locate(call.Surroundings, call.Value(master), call.Value(tokenFile));
            using var client = new MasterClient(cluster, call.Surroundings.Http);
            return await RunAsync(client, call, call.Value(json));
        }
        catch (VerbFailedException e) when (e.ExitCode == ExitCode.Failed && FailedCode != ExitCode.Failed)
        {
            throw new VerbFailedException(e.Message, e.Mend, FailedCode) { Problems = e.Problems, HttpStatus = e.HttpStatus };
        }
    }

    /// <summary>What a failure of zurg's own ends with.</summary>
    protected virtual int FailedCode => ExitCode.Failed;

    public bool WantsJson(ParseResult parsed) => parsed.GetValue(json);

    protected abstract Task<int> RunAsync(MasterClient master, VerbCall call, bool json);

    /// <summary>What the master has written down, in its own words.</summary>
    protected static void Show(ActionAccepted accepted, VerbCall call, bool json)
    {
        if (json)
        {
            call.Screen.Json(accepted);
        }
        else
        {
            call.Screen.Line(accepted.Text);
        }
    }

    /// <summary>An argument that must be a valid id; the refusal is the id's own.</summary>
    protected static Argument<T> Id<T>(string name, string description) where T : struct, IId<T> => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (T.ProblemOf(text) is { } problem)
            {
                result.AddError(typeof(T) == typeof(ServiceName) && InstanceId.TryParse(text, null, out var instance)
                    ? $"{instance} is an instance of {instance.Service}: a service is needed here"
                    : problem);
                return default;
            }

            return T.Wrap(text);
        },
    };
}
